import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { describe, expect, inject, it } from "vitest";
import { gaugeOf, startServer } from "../../support/posta.js";
import { startRedis } from "../../support/redis.js";
import { SlowWay } from "../../tools/slow-way.js";
import { type Job, open } from "./session-setup.js";
import { redis, releases, seconds } from "./work-setup.js";

/** What goes wrong between servers and Redis while workers work. docs/workers.md lists each failure with its test. */

const toMs = ({ seconds: whole, nanos }: { seconds: number; nanos: number }) => whole * 1000 + nanos / 1e6;

/** A server that reaches Redis by a way that can be made slow. */
async function startSlow() {
  const way = new SlowWay(inject("redisUrl").replace("unix://", ""));
  const slow = await startServer(`redis://127.0.0.1:${await way.start()}`);
  releases.push(() => way.stop());
  releases.push(() => slow.stop());
  await slow.serving;
  return { way, slow };
}

describe("an answer of Redis that comes late", () => {
  it("makes the lease shorter by as much, as the lock in Redis has been there since", async () => {
    const { way, slow } = await startSlow();
    await slow.client.queue("AddJob", { queue: "q", job: { name: "n" } });
    way.delayMs = 300;
    const { jobs } = await slow.client.worker("LeaseJobs", { queue: "q", worker: "w", lease: seconds(2) });
    const leftMs = await redis.pttl(`${slow.prefix}:q:${jobs[0].jobId}:lock`);
    expect(toMs(jobs[0].lease)).toBeLessThan(1450);
    expect(toMs(jobs[0].lease)).toBeLessThanOrEqual(leftMs + 50);
  });

  it("brings no job whose lease has ended meanwhile: the job is back in line at once", async () => {
    const { way, slow } = await startSlow();
    const { jobId } = await slow.client.queue("AddJob", { queue: "q", job: { name: "n" } });
    way.delayMs = 550;
    const request = { queue: "q", worker: "w", lease: seconds(1) };
    expect(await slow.client.worker("LeaseJobs", request)).toMatchObject({ jobs: [] });
    way.delayMs = 0;
    const again = async () => (await slow.client.worker("LeaseJobs", request)).jobs[0]?.jobId;
    await expect.poll(again, { timeout: 8000 }).toBe(jobId);
  });
});

describe("a network that loses connections without an end of them", () => {
  it("holds workers up for some seconds only: the server connects anew", async () => {
    const { way, slow } = await startSlow();
    const session = open(slow);
    session.hello("q", 1);
    await session.until("welcome");
    await sleep(300); // It waits for a marker.
    way.delayMs = 2_000_000; // What is sent on the connections of now never arrives.
    const elsewhere = await startServer(inject("redisUrl"), { POSTA_QUEUE_PREFIX: slow.prefix });
    releases.push(() => elsewhere.stop());
    await elsewhere.serving;
    await elsewhere.client.queue("AddJob", { queue: "q", job: { name: "n" } });
    await sleep(1000);
    way.delayMs = 0;
    await session.untilJobs(1, 40_000);
  });
});

describe("a report that comes while Redis is down", () => {
  it("says so, is applied when it is repeated, and then is known", async () => {
    const store = await startRedis({ appendfsync: "always" });
    releases.push(() => store.stop());
    const server = await startServer(store.url);
    releases.push(() => server.stop());
    await server.serving;
    const session = open(server);
    session.hello("q", 2);
    await server.client.queue("AddJobs", { queue: "q", jobs: [{ name: "n" }, { name: "n" }] });
    await expect.poll(() => session.jobs().length).toBe(2);
    const [one, two] = session.jobs() as [Job, Job];
    await store.kill();
    const { jobId, leaseToken } = one;
    const call = () =>
      server.client.worker("ReportOutcomes", { queue: "q", reports: [{ jobId, leaseToken, complete: {} }] });
    session.report("q", two, { complete: {} });
    expect((await session.acks())[0].result.error).toMatchObject({ code: status.UNAVAILABLE });
    await expect(call()).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await store.restart();
    const repeat = async () => (await call().catch(() => ({ results: [{ verdict: "" }] }))).results[0].verdict;
    await expect.poll(repeat, { timeout: 8000 }).toBe("REPORT_VERDICT_APPLIED");
    expect(await repeat()).toBe("REPORT_VERDICT_ALREADY_APPLIED");
    session.report("q", two, { complete: {} }, 2); // On the same stream: it outlives the store.
    expect((await session.acks(2))[1]).toMatchObject({ reportId: 2, result: { verdict: "REPORT_VERDICT_APPLIED" } });
  });
});

describe("a worker that reconnects while Redis is down", () => {
  it("is welcome when its leases are extended, so that nothing takes its jobs", async () => {
    const store = await startRedis({ appendfsync: "always" });
    releases.push(() => store.stop());
    const server = await startServer(store.url);
    releases.push(() => server.stop());
    await server.serving;
    const before = open(server);
    before.hello("q", 1);
    await server.client.queue("AddJob", { queue: "q", job: { name: "n" } });
    await expect.poll(() => before.jobs().length).toBe(1);
    const [job] = before.jobs() as [Job];
    await store.kill();
    const resume = [{ queue: "q", jobId: job.jobId, leaseToken: job.leaseToken }];
    const hasty = open(server);
    hasty.hello("q", 1, { resume, lease: seconds(3) }); // It would not wait for long.
    expect(await hasty.ended).toMatchObject({
      code: status.UNAVAILABLE,
      details: expect.stringMatching(/cannot be extended now/),
    });
    expect(hasty.find("welcome")).toEqual([]);
    const after = open(server);
    after.hello("q", 1, { resume });
    await sleep(500);
    expect(after.find("welcome")).toEqual([]);
    await store.restart();
    expect(await after.until("welcome")).toMatchObject([{ lost: [] }]);
    before.stream.cancel(); // It never acknowledged the job.
    await expect.poll(() => gaugeOf(server, "posta_work_sessions")).toBe(1);
    after.report("q", job, { complete: {} });
    expect((await after.acks())[0].result.verdict).toBe("REPORT_VERDICT_APPLIED");
  });
});
