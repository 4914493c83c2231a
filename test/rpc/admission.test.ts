import { beforeEach, describe, expect, it } from "vitest";
import { post } from "../http/client.js";
import { detailsOf, failureOf } from "../support/client.js";
import { startServer } from "../support/posta.js";
import { startRedis, type TestRedis } from "../support/redis.js";

const resourceExhausted = 8;
const limit = 3;
const queue = "admission";

describe("calls over POSTA_MAX_CALLS", () => {
  let redis: TestRedis;
  let posta: Awaited<ReturnType<typeof startServer>>;

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
