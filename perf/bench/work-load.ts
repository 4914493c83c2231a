/**
 * One worker process that does nothing with its jobs, a hundred at a time: by a session of Posta's, or BullMQ's own. Reads a
 * JSON plan from standard input, writes a JSON report to standard output.
 */

import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "bullmq";
import { connect, WorkClient } from "./work-client.js";

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

function startSession(): () => void {
  const client = connect(plan.port);
  const session = new WorkClient(client, plan.queue, concurrency, {
    onJobs: (jobs) => jobs,
    onAcked: (applied) => {
      done += applied;
    },
    onError: (error) => {
      throw error;
    },
  });
  const beats = setInterval(() => session.heartbeat(), 5000);
  return () => {
    clearInterval(beats);
    session.end();
    setTimeout(() => client.close(), 500).unref();
  };
}

function startWorker(): () => Promise<void> {
  const connection = { path: plan.socket, maxRetriesPerRequest: null };
  const worker = new Worker(plan.queue, async () => {}, { connection, concurrency });
  worker.on("completed", () => {
    done += 1;
  });
  return () => worker.close();
}

const stop = plan.mode === "session" ? startSession() : startWorker();
await sleep(plan.warmupMs);
const before = done;
await sleep(plan.durationMs);
const report: WorkReport = { jobsPerSecond: ((done - before) * 1000) / plan.durationMs };
await stop();
console.log(JSON.stringify(report));
process.exit();
