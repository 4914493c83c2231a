import { inject, vi } from "vitest";
import { TestClient } from "../support/client.js";
import { startCluster } from "../support/posta.js";
import { startPostgres } from "../support/postgres.js";
import { startRedis } from "../support/redis.js";
import { type Release, releaseAll } from "../support/releases.js";

export const ratePerSecond = 100;
export const queueService = "posta.queue.v1.QueueService";

/** A cluster under a steady load, with a Redis for its queues and a PostgreSQL that may be taken away. */
export async function startLoaded() {
  const releases: Release[] = [];
  const redis = await startRedis();
  releases.push(() => redis.stop());
  const postgres = await startPostgres();
  releases.push(() => postgres.stop());
  const cluster = await startCluster({
    POSTA_QUEUE_REDIS_URL: redis.url,
    POSTA_ANALYTICS_REDIS_URL: inject("redisUrl"),
    POSTA_DATABASE_URL: postgres.url,
    POSTA_METRICS_INTERVAL: "1s",
    POSTA_LOG_LEVEL: "silent",
  });
  releases.push(() => cluster.stop());
  await vi.waitFor(async () => ((await cluster.health()).status === "OK" ? undefined : Promise.reject(new Error())), {
    timeout: 30_000,
    interval: 50,
  });
  const client = new TestClient(`127.0.0.1:${cluster.port}`);
  releases.push(() => client.close());
  const timer = setInterval(() => {
    client.queue("AddJob", { queue: "emails", job: { name: "welcome" } }).catch(() => {}); // Stores are taken away.
  }, 1000 / ratePerSecond);
  releases.push(() => clearInterval(timer));
  return {
    cluster,
    redis,
    postgres,
    target: `127.0.0.1:${cluster.port}`,
    async stop() {
      await releaseAll(releases);
    },
  };
}

export type Loaded = Awaited<ReturnType<typeof startLoaded>>;
