import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { expect, it, onTestFinished } from "vitest";
import { TestClient } from "../support/client.js";
import { startCluster } from "../support/posta.js";
import { startRedis } from "../support/redis.js";

it("a job that has waited for too long shows in health: the primary counts the jobs, and the servers judge", async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const cluster = await startCluster({ POSTA_QUEUE_REDIS_URL: redis.url, POSTA_METRICS_INTERVAL: "100ms" });
  onTestFinished(() => cluster.stop());
  const client = new TestClient(`127.0.0.1:${cluster.port}`);
  onTestFinished(() => client.close());
  const connection = new Redis({ path: redis.socket, maxRetriesPerRequest: null });
  const queue = new Queue("forgotten", { connection });
  onTestFinished(async () => {
    await queue.close();
    connection.disconnect();
  });
  const check = async () => (await cluster.health()).checks.find(({ name }) => name === "queue");

  await client.queue("AddJob", { queue: "forgotten", job: { name: "n" } }); // Now Posta counts the queue.
  await queue.add("n", {}, { lifo: true, timestamp: Date.now() - 3_600_000 });
  await expect.poll(check).toMatchObject({ status: "DEGRADED", detail: expect.stringMatching(/waited for 360/) });
  await queue.drain();
  await expect.poll(check).toMatchObject({ status: "OK" });
});
