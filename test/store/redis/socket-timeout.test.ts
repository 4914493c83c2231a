import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { RedisStore } from "../../../src/store/redis/store.js";
import { createLog } from "../../../src/telemetry/log/log.js";
import { startRedis } from "../../support/redis.js";
import { useReleases } from "../../support/releases.js";

const releases = useReleases();

it("a Redis that died with an answer owed, and is back, is not lost again by the time-out of that answer", async () => {
  const redis = await startRedis();
  releases.push(() => redis.stop());
  const timeoutMs = 1500;
  const [variable, name] = ["POSTA_QUEUE_REDIS_URL", "the queue's store"] as const;
  const options = { url: redis.url, variable, name, prefix: "p", timeoutMs, durable: { allowNoAof: false } };
  const store = new RedisStore(options, createLog("test", "silent"));
  releases.push(() => store.close());
  const told: boolean[] = [];
  store.on("usable", (usable) => told.push(usable));
  store.open();
  await expect.poll(() => told).toEqual([true]);
  process.kill(redis.pid, "SIGSTOP");
  const owed = store.client.ping();
  await Promise.all([expect(owed).rejects.toThrow(), redis.kill()]);
  await redis.restart();
  await expect.poll(() => told).toEqual([true, false, true]);
  await sleep(timeoutMs + 200); // Until the time-out would have come.
  expect(told).toEqual([true, false, true]);
  // And what hangs from now on has a time-out of its own.
  process.kill(redis.pid, "SIGSTOP");
  await expect(store.client.ping()).rejects.toThrow("max retries");
  process.kill(redis.pid, "SIGCONT");
});
