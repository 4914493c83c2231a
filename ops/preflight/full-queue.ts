import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { runScript } from "../../perf/watch/script.js";
import type { ServiceClient } from "../../perf/watch/service-client.js";
import type { FailingPlan } from "./failing-worker.js";

export const queue = "preflight-volume";
export const job = { name: "welcome", dataJson: '{"to":"34600123456","template":"hello"}', options: { attempts: 1 } };
/** Jobs that are in line, and that have failed for good. */
export const waiting = 200_000;
export const failed = 50_000;
const jobsPerCall = 5000;
const settleTimeoutMs = 20_000;

/** Makes a queue as large as one in production, by the service and a worker; resolves when Redis is at rest again. */
export async function fillQueue(client: ServiceClient, socket: string): Promise<void> {
  await fill(client, failed);
  const plan: FailingPlan = { socket, queue, jobs: failed };
  await runScript(new URL("./failing-worker.ts", import.meta.url), plan);
  await fill(client, waiting);
  await requireCounts(client);
  await untilSettled(socket);
}

async function fill(client: ServiceClient, count: number): Promise<void> {
  const jobs = Array.from({ length: jobsPerCall }, () => job);
  for (let added = 0; added < count; added += jobsPerCall) await client.call("AddJobs", { queue, jobs }, 60_000);
}

/** Throws unless the queue holds what it was given: figures of another one would say nothing. */
async function requireCounts(client: ServiceClient): Promise<void> {
  const answer = await client.call<{ queue: { counts: { waiting: number; failed: number } } }>("GetQueue", { queue });
  const { counts } = answer.queue;
  if (counts.waiting === waiting && counts.failed === failed) return;
  throw new Error(
    `the queue has ${counts.waiting} jobs waiting and ${counts.failed} failed, not ${waiting} and ${failed}`,
  );
}

/** Redis rewrites its file after so many writes; that is the filling's cost, not the full queue's. */
async function untilSettled(socket: string): Promise<void> {
  const redis = new Redis({ path: socket });
  const until = Date.now() + settleTimeoutMs;
  try {
    while (/aof_rewrite_(in_progress|scheduled):1/.test(await redis.info("persistence"))) {
      if (Date.now() > until) throw new Error(`Redis still rewrites its file after ${settleTimeoutMs / 1000} s`);
      await sleep(200);
    }
  } finally {
    redis.disconnect();
  }
}
