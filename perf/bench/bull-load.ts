/**
 * What BullMQ itself does in one process: Queue.add with 128 in flight, or Queue.addBulk of 100 with 4 in flight. Reads a
 * JSON plan from standard input, writes a JSON report to standard output.
 */
import { text } from "node:stream/consumers";
import { Queue } from "bullmq";
import { Redis } from "ioredis";

export interface BullPlan {
  socket: string;
  mode: "add" | "addBulk";
  warmupMs: number;
  durationMs: number;
}

export interface BullReport {
  jobsPerSecond: number;
}

const plan = JSON.parse(await text(process.stdin)) as BullPlan;
const connection = new Redis({ path: plan.socket, maxRetriesPerRequest: null });
const queue = new Queue(`bench-${plan.mode}`, { connection });
const measuredFrom = performance.now() + plan.warmupMs;
const until = measuredFrom + plan.durationMs;
const data = { to: "34600123456", template: "hello" };
const opts = {
  attempts: 3,
  backoff: { type: "exponential", delay: 1000 },
  removeOnComplete: { age: 86400, count: 1000 },
  removeOnFail: { age: 604800 },
};
const bulk = Array.from({ length: 100 }, () => ({ name: "bench", data, opts }));
const [inFlight, size] = plan.mode === "add" ? [128, 1] : [4, 100];
let added = 0;

async function run(): Promise<void> {
  while (performance.now() < until) {
    if (plan.mode === "add") await queue.add("bench", data, opts);
    else await queue.addBulk(bulk);
    const now = performance.now();
    if (now >= measuredFrom && now < until) added += size;
  }
}

await Promise.all(Array.from({ length: inFlight }, run));
await queue.close();
connection.disconnect();
const report: BullReport = { jobsPerSecond: (added * 1000) / plan.durationMs };
console.log(JSON.stringify(report));
