/**
 * An unmodified BullMQ worker in a process of its own. Reads a JSON plan from standard input; writes how many jobs it
 * began within a time from the first on, as JSON, to standard output.
 */
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "bullmq";
import { Redis } from "ioredis";

export interface WorkerPlan {
  socket: string;
  queue: string;
  durationMs: number;
}

export interface WorkerReport {
  begun: number;
}

const plan = JSON.parse(await text(process.stdin)) as WorkerPlan;
const connection = new Redis({ path: plan.socket, maxRetriesPerRequest: null });
let begun = 0;
await new Promise<void>((resolve, reject) => {
  const work = async () => {
    begun += 1;
    resolve();
  };
  const worker = new Worker(plan.queue, work, { connection, concurrency: 50 });
  worker.on("error", reject);
});
await sleep(plan.durationMs);
const report: WorkerReport = { begun };
// It is gone at once: jobs that it holds are of no interest any more.
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit());
