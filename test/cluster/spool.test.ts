import { Worker } from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { TestClient } from "../support/client.js";
import { startCluster, type TestCluster } from "../support/posta.js";
import { createDatabase } from "../support/postgres.js";
import { startRedis } from "../support/redis.js";
import { useReleases } from "../support/releases.js";

const queue = "q";

const releases = useReleases();

/** A cluster on a Redis and a database of its own. */
async function setup() {
  const redis = await startRedis();
  releases.push(() => redis.stop());
  const database = await createDatabase();
  releases.push(() => database.drop());
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  pool.on("error", () => {}); // Its database is dropped in the end.
  releases.push(() => pool.end());
  const cluster = await startCluster({
    POSTA_QUEUE_REDIS_URL: redis.url,
    POSTA_DATABASE_URL: database.url,
    POSTA_LOG_LEVEL: "error",
  });
  releases.push(() => cluster.stop());
  await expect.poll(async () => (await cluster.health()).status).toBe("OK");
  const client = new TestClient(`127.0.0.1:${cluster.port}`);
  releases.push(() => client.close());
  const count = async (where: string) =>
    (await pool.query(`SELECT count(*)::int AS count FROM spool WHERE ${where}`)).rows[0].count as number;
  return { redis, cluster, client, count };
}

async function deliveryPid(cluster: TestCluster): Promise<number | undefined> {
  return (await cluster.health()).deliveries.find(({ serving }) => serving)?.pid;
}

describe("a delivery process that is killed while it drains", () => {
  it("is followed by one that goes on: each job runs once, though nothing is kept of those that are done", async () => {
    const { redis, cluster, client, count } = await setup();
    let victim = (await deliveryPid(cluster)) as number;
    await redis.kill();
    const ids = Array.from({ length: 20_000 }, (_, n) => `j${n}`);
    const options = { keepOnComplete: { count: 0 } };
    for (let at = 0; at < ids.length; at += 5000) {
      const jobs = ids.slice(at, at + 5000).map((id) => ({ name: "n", options: { id, ...options } }));
      const { results } = await client.queue("AddJobs", { queue, jobs }, { deadlineMs: 60_000 });
      const outcomes = new Set(results.map(({ outcome }: { outcome: string }) => outcome));
      expect(outcomes).toEqual(new Set(["OUTCOME_SPOOLED"]));
    }
    expect(await count("moved_at IS NULL")).toBe(ids.length);

    await redis.restart();
    const runs = new Map<string, number>();
    const connection = new Redis({ path: redis.socket, maxRetriesPerRequest: null });
    releases.push(() => connection.disconnect());
    const worker = new Worker(
      queue,
      async ({ id }) => {
        runs.set(id as string, (runs.get(id as string) ?? 0) + 1);
      },
      { connection, concurrency: 100 },
    );
    releases.push(() => worker.close());
    for (const moved of [0, 4000, 9000]) {
      await expect.poll(() => count("moved_at IS NOT NULL"), { interval: 5 }).toBeGreaterThan(moved);
      process.kill(victim, "SIGKILL");
      const isReplaced = async () => ![undefined, victim].includes(await deliveryPid(cluster));
      await expect.poll(isReplaced, { interval: 10 }).toBe(true);
      victim = (await deliveryPid(cluster)) as number;
    }
    await expect.poll(() => count("moved_at IS NULL"), { timeout: 60_000 }).toBe(0);
    await expect.poll(() => runs.size, { timeout: 60_000 }).toBe(ids.length);
    expect([...runs.values()].filter((times) => times !== 1)).toEqual([]);
  });
});
