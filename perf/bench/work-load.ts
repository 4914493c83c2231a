/**
 * One worker process that does nothing with its jobs, a hundred at a time: by Posta's own client in a session, or BullMQ's Worker. Reads a
 * JSON plan from standard input, writes a JSON report to standard output.
 */

import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { worker } from "@posta/client";
import { Worker } from "bullmq";

export interface WorkPlan {
  port: number;
  socket: string;
  queue: string;
  mode: "session" | "worker";
  warmupMs: number;
  durationMs: number;
}

export interface WorkReport {
  /** Jobs that were done, a second. */
  jobsPerSecond: number;
}

const concurrency = 100;
const plan = JSON.parse(await text(process.stdin)) as WorkPlan;
let done = 0;

function startSession(): () => Promise<void> {
  const address = `127.0.0.1:${plan.port}`;
  const session = worker(plan.queue, () => {}, { address, concurrency, log: () => {} });
  session.on("completed", () => {
    done += 1;
  });
  return () => session.stop();
}

function startWorker(): () => Promise<void> {
  const connection = { path: plan.socket, maxRetriesPerRequest: null };
  const bull = new Worker(plan.queue, async () => {}, { connection, concurrency });
  bull.on("completed", () => {
    done += 1;
  });
  return () => bull.close();
}

const stop = plan.mode === "session" ? startSession() : startWorker();
await sleep(plan.warmupMs);
const before = done;
await sleep(plan.durationMs);
const report: WorkReport = { jobsPerSecond: ((done - before) * 1000) / plan.durationMs };
await stop();
console.log(JSON.stringify(report));
process.exit();
