import { Redis } from "ioredis";
import { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config/config.js";
import { createMonitor } from "../../src/process/monitor.js";
import { createLog } from "../../src/telemetry/log/log.js";
import { limitOf } from "../../src/telemetry/metrics/memory-limit.js";
import { startRedis, type TestRedis } from "../support/redis.js";
import { useReleases } from "../support/releases.js";

const releases = useReleases();

async function openRedis(options: Record<string, string> = {}): Promise<{ redis: TestRedis; client: Redis }> {
  const redis = await startRedis(options);
  const client = new Redis({ path: redis.socket });
  releases.push(
    () => redis.stop(),
    () => client.disconnect(),
  );
  return { redis, client };
}

/** A monitor over two Redis; `value` reads a sample of what it shows. */
async function setup(env: Record<string, string> = {}) {
  const queue = await openRedis();
  const analytics = await openRedis({ maxmemory: "5mb", "maxmemory-policy": "allkeys-lru", appendonly: "no" });
  const config = readConfig({
    POSTA_QUEUE_REDIS_URL: queue.redis.url,
    POSTA_ANALYTICS_REDIS_URL: analytics.redis.url,
    POSTA_METRICS_INTERVAL: "100ms",
    ...env,
  });
  const metrics = new Registry();
  const monitor = createMonitor(config, createLog("test", "silent"), metrics);
  monitor.start();
  releases.push(() => monitor.stop());
  async function value(name: string, labels: Record<string, string>): Promise<number | undefined> {
    const { values = [] } = (await metrics.getSingleMetric(name)?.get()) ?? {};
    const isIt = (found: Partial<Record<string, string | number>>) =>
      Object.entries(labels).every(([label, wanted]) => found[label] === wanted);
    return values.find((one) => isIt(one.labels))?.value;
  }
  const untilValue = (name: string, labels: Record<string, string>) =>
    expect.poll(() => value(name, labels), { interval: 20 });
  return { queue: queue.client, analytics: analytics.client, value, untilValue };
}

const [queue, analytics] = [{ store: "redis-queue" }, { store: "redis-analytics" }];

describe("the monitor", () => {
  it("shows the memory of both Redis, what they do at its end, and what they threw away", async () => {
    const { analytics: client, value, untilValue } = await setup();
    await untilValue("posta_redis_memory_max_bytes", analytics).toBe(5 << 20);
    expect(await value("posta_redis_maxmemory_policy", { ...analytics, policy: "allkeys-lru" })).toBe(1);
    expect(await value("posta_redis_evicted_keys_total", analytics)).toBe(0);
    const pipeline = client.pipeline();
    for (let index = 0; index < 2000; index += 1) pipeline.set(`key${index}`, "x".repeat(4000));
    await pipeline.exec();
    await untilValue("posta_redis_evicted_keys_total", analytics).toBeGreaterThan(0);
    expect(await value("posta_redis_memory_used_bytes", analytics)).toBeGreaterThan(3 << 20);
  });

  it("counts Posta's own queues, then the first in name order, and tells how many it leaves out", async () => {
    const { queue: client, value, untilValue } = await setup({ POSTA_METRICS_MAX_QUEUES: "3" });
    const names = ["a", "b", "c", "d", "posta-whatsapp-1", "z"];
    const pipeline = client.pipeline();
    for (const name of names) pipeline.hset(`bull:${name}:meta`, "version", "1").zadd("bull:posta-queues", 0, name);
    await pipeline.exec();
    await untilValue("posta_queues_left_out", {}).toBe(3);
    const shown = await Promise.all(names.map((name) => value("posta_queue_paused", { queue: name })));
    expect(shown).toEqual([0, 0, undefined, undefined, 0, undefined]);
  });

  it("tells for how long nobody has worked on a queue with due jobs, unless its rate limit keeps them back", async () => {
    const { queue: client, value, untilValue } = await setup();
    const unworked = "posta_queue_unworked_seconds";
    const names = ["waits", "paused", "worked", "limited", "below", "limited-worker"];
    for (const name of names) {
      await client.zadd("bull:posta-queues", 0, name);
      await client.hset(`bull:${name}:meta`, "version", "bullmq:6.7.0");
      await client.hset(`bull:${name}:1`, "timestamp", Date.now());
      await client.rpush(`bull:${name}:wait`, "1");
    }
    await client.hset("bull:paused:meta", "paused", "1");
    await client.rpush("bull:worked:active", "2");
    // Two jobs a window: one queue has had both, and one has had one. A worker of BullMQ's has a limit of its own.
    for (const name of ["limited", "below"]) await client.hset(`bull:${name}:meta`, "max", "2", "duration", "60000");
    for (const name of ["limited", "limited-worker"]) await client.set(`bull:${name}:limiter`, "2", "PX", 60_000);
    await client.set("bull:below:limiter", "1", "PX", 60_000);
    await untilValue(unworked, { queue: "waits" }).toBeGreaterThan(0.3);
    const shown = Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await value(unworked, { queue: name })])),
    );
    expect(shown).toMatchObject({ paused: 0, worked: 0, limited: 0, "limited-worker": 0 });
    expect(shown.below).toBeGreaterThan(0.1);
    await client.lpop("bull:waits:wait");
    await untilValue(unworked, { queue: "waits" }).toBe(0);
  });

  it("takes the machine's memory, or the container's, for the limit of a Redis that has none", async () => {
    const { queue: client, value, untilValue } = await setup();
    const machine = Number(/^total_system_memory:(\d+)/m.exec(await client.info("memory"))?.[1]);
    await untilValue("posta_redis_memory_max_bytes", queue).toBe(limitOf(machine));
    expect(await value("posta_redis_maxmemory_policy", { ...queue, policy: "noeviction" })).toBe(1);
  });

  it("shows the names and series of the current hour, and those of the largest name", async () => {
    const { analytics: client, value, untilValue } = await setup();
    const hour = Math.floor(Date.now() / 3_600_000);
    for (const at of [hour, hour + 1]) {
      await client.zadd(`analytics:series:${at}:small`, 1, "a");
      await client.zadd(`analytics:series:${at}:large`, 1, "a", 1, "b", 1, "c");
      await client.sadd(`analytics:names:${at}`, "small", "large");
    }
    await untilValue("posta_analytics_series", {}).toBe(4);
    expect(await value("posta_analytics_names", {})).toBe(2);
    expect(await value("posta_analytics_most_series", {})).toBe(3);
  });

  it("shows the other queues where one is none", async () => {
    const { queue: client, untilValue } = await setup();
    for (const name of ["broken", "good"]) {
      await client.zadd("bull:posta-queues", 0, name);
      await client.hset(`bull:${name}:meta`, "version", "bullmq:6.7.0");
    }
    await client.rpush("bull:good:wait", "1");
    await client.set("bull:broken:wait", "no list");
    await untilValue("posta_queue_jobs", { queue: "good", state: "waiting" }).toBe(1);
  });

  it("shows that the queues' Redis has lost its append-only file, and forgets the policy of before", async () => {
    const { queue: client, value, untilValue } = await setup();
    await untilValue("posta_redis_persistence_ok", { ...queue, kind: "aof" }).toBe(1);
    expect(await value("posta_redis_persistence_ok", { ...analytics, kind: "aof" })).toBe(1);
    await client.config("SET", "appendonly", "no");
    await untilValue("posta_redis_persistence_ok", { ...queue, kind: "aof" }).toBe(0);
    await client.config("SET", "maxmemory-policy", "allkeys-lru");
    await untilValue("posta_redis_maxmemory_policy", { ...queue, policy: "allkeys-lru" }).toBe(1);
    expect(await value("posta_redis_maxmemory_policy", { ...queue, policy: "noeviction" })).toBeUndefined();
  });

  it("does not miss an append-only file where the settings do without", async () => {
    const { queue: client, value, untilValue } = await setup({ POSTA_ALLOW_NO_AOF: "1" });
    await client.config("SET", "appendonly", "no");
    const begun = Date.now() / 1000;
    await untilValue("posta_redis_metrics_timestamp_seconds", queue).toBeGreaterThan(begun);
    expect(await value("posta_redis_persistence_ok", { ...queue, kind: "aof" })).toBe(1);
  });
});
