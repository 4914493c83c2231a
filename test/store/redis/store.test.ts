import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { RedisStore } from "../../../src/store/redis/store.js";
import { createLog } from "../../../src/telemetry/log/log.js";
import { startRedis, type TestRedis } from "../../support/redis.js";

describe("a store's heartbeat", () => {
  let redis: TestRedis;
  let store: RedisStore;
  let told: boolean[];

  beforeEach(async () => {
    redis = await startRedis();
    const [variable, name] = ["POSTA_QUEUE_REDIS_URL", "the queue's store"] as const;
    const options = { url: redis.url, variable, name, prefix: "p", timeoutMs: 10_000, durable: { allowNoAof: false } };
    store = new RedisStore(options, createLog("test", "silent"));
    told = [];
    store.on("usable", (usable) => told.push(usable));
    store.open();
    await expect.poll(() => told).toEqual([true]);
    return async () => {
      await store.close();
      await redis.stop();
    };
  });

  it("tells of a Redis that hangs before the connection's own time-out does", async () => {
    process.kill(redis.pid, "SIGSTOP");
    await expect.poll(() => told, { timeout: 8000 }).toEqual([true, false]);
    process.kill(redis.pid, "SIGCONT");
    await expect.poll(() => told, { timeout: 8000 }).toEqual([true, false, true]);
  });

  it("does not take a process that has too much to do for a Redis that is lost", async () => {
    // Longer than a heartbeat may take, again and again, with a moment between as a busy event loop has.
    for (let round = 0; round < 4; round += 1) {
      block(1200);
      await sleep(1);
    }
    expect(told).toEqual([true]);
    expect(() => store.requireUsable()).not.toThrow();
  });

  it.each([
    ["its memory is full", ["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"]],
    ["it is a replica now", ["REPLICAOF", "127.0.0.1", "1"], ["REPLICAOF", "NO", "ONE"]],
  ])("tells that it takes no writes: %s", async (reason, [end = "", ...ends], [mend = "", ...mends]) => {
    expect(store.refusal).toBeUndefined();
    await store.client.call(end, ...ends);
    await expect.poll(() => store.refusal).toBe(reason);
    await store.client.call(mend, ...mends);
    await expect.poll(() => store.refusal).toBeUndefined();
    expect(told).toEqual([true]);
    expect(await store.client.dbsize()).toBe(0);
  });
});

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
