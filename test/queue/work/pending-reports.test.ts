import { status } from "@grpc/grpc-js";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { Reporter } from "../../../src/queue/work/reporter.js";
import type { Report, Update } from "../../../src/queue/work/work.js";
import type { WorkBatcher } from "../../../src/queue/work/work-batcher.js";
import { startServer } from "../../support/posta.js";
import { startRedis } from "../../support/redis.js";
import { open } from "./session-setup.js";
import { releases } from "./work-setup.js";

/** Reports and updates that wait for Redis. */

/** A Reporter on a store that has applied nothing yet when a call returns. `answer` lets it apply all. */
function createReporter(limits: { maxPendingJobs: number; maxPendingBytes: number }) {
  const waiting: (() => void)[] = [];
  const change = (_queue: string, changes: readonly unknown[]) =>
    new Promise((resolve) => waiting.push(() => resolve(changes.map(() => "applied"))));
  const reporter = new Reporter({ change } as unknown as WorkBatcher, limits);
  const answer = () => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  return { reporter, answer };
}

const lease = { jobId: "j", token: "t" };
const wide = "€".repeat(40); // 120 bytes of UTF-8.
const refused = expect.objectContaining({ code: "exhausted", retryAfterMs: 250 });

describe("what waits for the store", () => {
  it.each<[string, (reporter: Reporter) => Promise<unknown>]>([
    ["a result", (reporter) => reporter.report("q", [{ ...lease, outcome: { kind: "complete", valueJson: wide } }])],
    ["a log line", (reporter) => reporter.update("q", [{ ...lease, step: { kind: "log", line: wide } }])],
    ["a long id", (reporter) => reporter.report("q", [{ ...lease, jobId: wide, outcome: { kind: "release" } }])],
  ])("counts %s in bytes of UTF-8, in one budget for all queues", async (_, send) => {
    const { reporter, answer } = createReporter({ maxPendingJobs: 100, maxPendingBytes: 250 });
    const release: Report = { ...lease, outcome: { kind: "release" } };
    const sent = [send(reporter), send(reporter), send(reporter)];
    expect(await reporter.report("other", [release])).toEqual([refused]);
    const update: Update = { ...lease, step: { kind: "progress", json: "1" } };
    expect(await reporter.update("other", [update])).toEqual([refused]);
    answer();
    expect(await Promise.all(sent)).toEqual([["applied"], ["applied"], ["applied"]]);
    const again = reporter.report("other", [release]);
    answer();
    expect(await again).toEqual(["applied"]);
  });

  it("counts reports that are small", async () => {
    const { reporter } = createReporter({ maxPendingJobs: 2, maxPendingBytes: 1 << 20 });
    const release: Report = { ...lease, outcome: { kind: "release" } };
    void reporter.report("q", [release, release]);
    expect(await reporter.report("q", [release])).toEqual([refused]);
  });
});

/** A server of its own, whose Redis can be made to answer nothing. */
async function startPausable() {
  const store = await startRedis();
  const redis = new Redis({ path: store.socket });
  const server = await startServer(store.url, { POSTA_MAX_PENDING_BYTES: "500kb", POSTA_REDIS_TIMEOUT: "30s" });
  releases.push(
    () => store.stop(),
    () => redis.disconnect(),
    () => server.stop(),
  );
  await server.serving;
  return { redis, server };
}

describe("reports while Redis does not answer", () => {
  it("are refused beyond the budget, in a call and in a session, and are applied when they are sent again", async () => {
    const { redis, server } = await startPausable();
    const jobs = Array.from({ length: 3 }, () => ({ name: "n" }));
    await server.client.queue("AddJobs", { queue: "q", jobs });
    const call = async (outcome: object) => {
      const { results } = await server.client.worker("ReportOutcomes", { queue: "q", reports: [outcome] });
      return results[0];
    };
    const leased = await server.client.worker("LeaseJobs", { queue: "q", worker: "w", maxJobs: 2 });
    const [first, second] = leased.jobs.map((job: { jobId: string; leaseToken: string }) => {
      return { jobId: job.jobId, leaseToken: job.leaseToken };
    });
    const session = open(server);
    session.hello("q", 1);
    await expect.poll(() => session.jobs().length).toBe(1);
    session.ack();
    await session.until("pong");
    const [third] = session.jobs();
    await redis.call("CLIENT", "PAUSE", "60000", "WRITE");
    const value = { returnValueJson: JSON.stringify("x".repeat(600_000)) };
    const waiting = call({ ...first, complete: value });
    const small = {
      reportId: 1,
      queue: "q",
      report: { jobId: third?.jobId, leaseToken: third?.leaseToken, complete: {} },
    };
    // Those that come before the large report wait for Redis, too.
    const acks = async () => {
      session.stream.write({ reports: { reports: [small] } });
      return session.find("acks").flatMap((message) => message.acks);
    };
    await expect.poll(acks, { timeout: 4000 }).not.toEqual([]);
    const [ack] = await acks();
    expect(ack.result.error).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      message: expect.stringMatching(/too many reports/),
    });
    expect((await call({ ...second, complete: {} })).error).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    await redis.call("CLIENT", "UNPAUSE");
    expect((await waiting).verdict).toBe("REPORT_VERDICT_APPLIED");
    expect((await call({ ...second, complete: {} })).verdict).toBe("REPORT_VERDICT_APPLIED");
    session.report("q", third as never, { complete: {} }, 2);
    const verdictOf = () =>
      session
        .find("acks")
        .flatMap((message) => message.acks)
        .find(({ reportId }) => reportId === 2);
    await expect.poll(verdictOf).toMatchObject({ result: { verdict: expect.stringMatching(/APPLIED/) } });
  });
});
