import { Redis } from "ioredis";
import { vi } from "vitest";
import { TestClient } from "../support/client.js";
import { startServer } from "../support/posta.js";
import { startRedis, type TestRedis } from "../support/redis.js";
import { type Release, releaseAll } from "../support/releases.js";

export const analyticsService = "posta.analytics.v1.AnalyticsService";

/** Codes that calls end with. */
export const code = { invalidArgument: 3, deadlineExceeded: 4, resourceExhausted: 8, unavailable: 14 };

/** A server with a Redis of its own for the analytics, and the means to look into that. */
export async function setup(env: Record<string, string> = {}) {
  const releases: Release[] = [];
  async function stop(): Promise<void> {
    await releaseAll(releases);
  }
  return open(env, releases, stop).catch(async (error) => {
    await stop();
    throw error;
  });
}

async function startOwn(releases: Release[]): Promise<TestRedis> {
  const redis = await startRedis();
  releases.push(() => redis.stop());
  return redis;
}

async function open(env: Record<string, string>, releases: Release[], stop: () => Promise<void>) {
  const queueRedis = await startOwn(releases);
  const redis = await startOwn(releases);
  const posta = await startServer(queueRedis.url, { POSTA_ANALYTICS_REDIS_URL: redis.url, ...env });
  releases.push(() => posta.stop());
  await posta.serving;
  const client = new TestClient(`127.0.0.1:${posta.port}`);
  releases.push(() => client.close());
  const call = (method: string, request: object, deadlineMs?: number) =>
    client.call(analyticsService, method, request, deadlineMs === undefined ? {} : { deadlineMs });
  /** Resolves when the analytics are served, or no longer. */
  const untilHealth = (wanted: string) =>
    vi.waitFor(
      async () => {
        const { status } = await client.call("grpc.health.v1.Health", "Check", { service: analyticsService });
        if (status !== wanted) throw new Error(`the analytics are ${status}`);
      },
      { timeout: 30_000, interval: 20 },
    );
  await untilHealth("SERVING");
  const inspector = new Redis({ path: redis.socket });
  releases.push(() => inspector.disconnect());
  inspector.on("error", () => {}); // Tests kill the Redis behind it.
  return {
    posta,
    redis,
    call,
    untilHealth,
    /** A connection past Posta. */
    inspector,
    prefix: posta.config.analyticsPrefix,
    stop,
  };
}

export type Bundle = Awaited<ReturnType<typeof setup>>;

export const minuteMs = 60_000;
export const hourMs = 3_600_000;

export function toTimestamp(ms: number) {
  return { seconds: Math.floor(ms / 1000), nanos: Math.round((ms % 1000) * 1e6) };
}

/** Every count that Redis holds: "<hour> <name> <dimension> <value> <minute>" to events and sum. */
export async function readCounts({
  inspector,
  prefix,
}: Pick<Bundle, "inspector" | "prefix">): Promise<Map<string, { events: number; total: number }>> {
  const counts = new Map<string, { events: number; total: number }>();
  const start = `${prefix}:minutes:`;
  for (const key of await inspector.keys(`${start}*`)) {
    const [hourAndName = "", dimension, value] = key.slice(start.length).split("\x1f");
    const [, hour, name] = /^(\d+):(.*)$/s.exec(hourAndName) ?? [];
    const fields = await inspector.hgetall(key);
    for (const [minute, events] of Object.entries(fields).filter(([field]) => !field.startsWith("s"))) {
      const total = Number(fields[`s${minute}`] ?? 0);
      counts.set([hour, name, dimension, value, minute].join(" "), { events: Number(events), total });
    }
  }
  return counts;
}
