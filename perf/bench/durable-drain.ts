import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { grpcRequest, runH2load } from "./h2load.js";

const [calls, jobsPerCall] = [1000, 100];
const queue = "bench-durable";
const patienceMs = 120_000;

/**
 * 100,000 durable jobs by AddJobs of 100: PostgreSQL commits them before the answer, and the drain puts them into their
 * queue. Answers how long it took until the last job was in the queue, as a multiple of how long it took to accept them.
 */
export async function drainOverAccept(port: number, redis: Redis): Promise<number> {
  const jobs = Array.from({ length: jobsPerCall }, () => ({
    name: "bench",
    dataJson: '{"to":"34600123456","template":"hello"}',
    options: { durable: true },
  }));
  const request = grpcRequest(port, "posta.queue.v1.QueueService", "AddJobs", { queue, jobs });
  const begun = performance.now();
  const report = await runH2load({ ...request, connections: 4, streams: 1, length: { requests: calls } });
  const accepted = performance.now() - begun;
  if (report.failures > 0) throw new Error(`${report.failures} calls with durable jobs failed`);
  await untilQueued(redis, calls * jobsPerCall);
  const queued = performance.now() - begun;
  await redis.del(`bull:${queue}:wait`);
  return queued / accepted;
}

async function untilQueued(redis: Redis, count: number): Promise<void> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const queued = await redis.llen(`bull:${queue}:wait`);
    if (queued >= count) return;
    if (Date.now() > until) throw new Error(`only ${queued} of ${count} durable jobs are in their queue`);
    await sleep(20);
  }
}
