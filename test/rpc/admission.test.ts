import { beforeEach, describe, expect, inject, it } from "vitest";
import { post } from "../http/client.js";
import { detailsOf, failureOf } from "../support/client.js";
import { gaugeOf, startServer } from "../support/posta.js";
import { startRedis, type TestRedis } from "../support/redis.js";
import { useReleases } from "../support/releases.js";

const resourceExhausted = 8;
const limit = 3;
const queue = "admission";
const releases = useReleases();

type Server = Awaited<ReturnType<typeof startServer>>;

describe("calls over POSTA_MAX_CALLS", () => {
  let redis: TestRedis;
  let posta: Server;

  beforeEach(async () => {
    redis = await startRedis();
    posta = await startServer(redis.url, { POSTA_MAX_CALLS: String(limit), POSTA_REDIS_TIMEOUT: "20s" });
    await posta.serving;
    await posta.client.queue("AddJob", { queue, job: { name: "first" } });
    process.kill(redis.pid, "SIGSTOP"); // What comes now stays under way.
    return async () => {
      process.kill(redis.pid, "SIGCONT");
      await posta.stop();
      await redis.stop();
    };
  });

  const read = () => posta.client.queue("GetQueue", { queue });

  /** Calls that Redis does not answer, and one that there is no room for. */
  async function fill() {
    const calls = Array.from({ length: limit }, read);
    for (const call of calls) call.catch(() => {});
    return { calls, refused: await failureOf(read()) };
  }

  it("are refused with a time to wait, whichever the transport", async () => {
    const { refused } = await fill();
    expect(refused.code).toBe(resourceExhausted);
    expect(refused.details).toBe(`over ${limit} calls are in flight in this server; nothing was done`);
    expect(detailsOf(refused).RetryInfo?.retryDelay).toMatchObject({ nanos: 250_000_000 });
    expect((await post(posta.httpUrl, "GetQueue", { queue })).status).toBe(429);
  });

  it("are counted, and what is too large is not", async () => {
    const counted = async () => (await posta.metrics.getSingleMetric("posta_overload_refusals_total")?.get())?.values;
    const dataJson = JSON.stringify("x".repeat(1 << 20));
    const tooLarge = posta.client.queue("AddJob", { queue, job: { name: "large", dataJson } });
    expect((await failureOf(tooLarge)).code).toBe(resourceExhausted);
    expect(await counted()).toMatchObject([{ value: 0 }]);
    await fill();
    await post(posta.httpUrl, "GetQueue", { queue });
    expect(await counted()).toMatchObject([{ value: 2 }]);
  });

  it("may be some more if they settle work, and no more than some", async () => {
    await fill();
    const reports = [{ jobId: "1", leaseToken: `posta:${"A".repeat(22)}:1:1`, complete: {} }];
    const settle = () => posta.client.worker("ReportOutcomes", { queue, reports });
    const first = settle();
    expect((await failureOf(settle())).details).toMatch(/^over 4 calls are in flight/);
    process.kill(redis.pid, "SIGCONT");
    await expect(first).resolves.toMatchObject({ results: [{ verdict: "REPORT_VERDICT_LEASE_LOST" }] });
  });

  it("do not keep probes out", async () => {
    await fill();
    const health = posta.client.call("grpc.health.v1.Health", "Check", {});
    await expect(health).resolves.toMatchObject({ status: expect.stringMatching(/SERVING$/) });
  });

  it("are let in again once others have ended", async () => {
    const { calls } = await fill();
    process.kill(redis.pid, "SIGCONT");
    for (const call of calls) await call;
    await expect(read()).resolves.toMatchObject({ queue: { name: queue } });
  });
});

describe("a server that is full of calls that wait for jobs, and of others", () => {
  it("takes reports and extensions, over gRPC and HTTP", async () => {
    const analytics = await startRedis();
    const posta = await startServer(inject("redisUrl"), {
      POSTA_MAX_CALLS: "4",
      POSTA_ANALYTICS_REDIS_URL: analytics.url,
      POSTA_REDIS_TIMEOUT: "20s",
    });
    releases.push(
      () => analytics.stop(),
      () => posta.stop(),
      () => process.kill(analytics.pid, "SIGCONT"),
    );
    await posta.serving;
    const { client } = posta;
    await client.queue("AddJobs", { queue, jobs: [{ name: "n" }, { name: "n" }] });
    const { jobs } = await client.worker("LeaseJobs", { queue, worker: "w", maxJobs: 2 });
    const [one, two] = jobs.map(({ jobId, leaseToken }: Record<string, string>) => ({ jobId, leaseToken }));
    const wait = { queue: "empty", worker: "w", wait: { seconds: 40, nanos: 0 } };
    for (let n = 0; n < 2; n += 1) releases.push(client.cancellable("posta.queue.v1.WorkerService", "LeaseJobs", wait));
    await expect.poll(() => gaugeOf(posta, "posta_work_waiting_calls")).toBe(2);
    process.kill(analytics.pid, "SIGSTOP");
    const event = { event: { name: "full" }, acknowledgement: "ACKNOWLEDGEMENT_STORED" };
    for (let n = 0; n < 2; n += 1)
      client.call("posta.analytics.v1.AnalyticsService", "TrackEvent", event).catch(() => {});
    await expect.poll(async () => (await failureOf(client.queue("GetQueue", { queue }))).code).toBe(resourceExhausted);

    const { results } = await client.worker("ExtendLeases", { queue, leases: [one, two] });
    expect(results).toMatchObject([{ held: true }, { held: true }]);
    const reported = await client.worker("ReportOutcomes", { queue, reports: [{ ...one, complete: {} }] });
    expect(reported.results).toMatchObject([{ verdict: "REPORT_VERDICT_APPLIED" }]);
    const url = `${posta.httpUrl}/posta.queue.v1.WorkerService/ReportOutcomes`;
    const body = JSON.stringify({ queue, reports: [{ ...two, complete: {} }] });
    const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    expect(answer.status).toBe(200);
  });
});
