import type { EventEmitter } from "node:events";
import type { Job } from "./job/job.js";

/** What a worker tells of itself. */
export interface WorkerEvents<Data = unknown> {
  /** A session has begun. */
  connected: [address: string];
  /** The session ended. Jobs run on; a new session begins after so many milliseconds. */
  disconnected: [error: Error, retryMs: number];
  /** Posta does not let the worker work: a wrong token or grant. It tries again after so many milliseconds. */
  refused: [error: Error, retryMs: number];
  /** Posta has the job's result. */
  completed: [job: Job<Data>];
  /** The handler threw. Posta decides whether the job runs again. */
  failed: [job: Job<Data>, error: unknown];
  /** The job is no longer this worker's: another worker has it, or Posta has ended it. Posta took no outcome of it. */
  lost: [job: Job<Data>];
  /** Posta did not take the job's outcome. The job runs again when its lease ends. */
  unreported: [job: Job<Data>, problem: string];
  /** DrainWorker asks the worker to stop, which it does. */
  drainOrdered: [];
  /** The worker has stopped, with so many jobs that run on, and so many outcomes that Posta does not have. */
  stopped: [left: { running: number; unreported: number }];
}

/** Writes a line for what an operator should know. Jobs that are done or fail are Posta's to show. */
export function logEvents<Data>(
  events: EventEmitter<WorkerEvents<Data>>,
  queue: string,
  log: (line: string) => void,
): void {
  const write = (line: string) => log(`posta: ${queue}: ${line}`);
  const later = (ms: number) => `trying again in ${Math.round(ms)} ms`;
  events.on("connected", (address) => write(`connected to ${address}`));
  events.on("disconnected", (error, ms) => write(`no connection (${error.message}); ${later(ms)}`));
  events.on("refused", (error, ms) => write(`refused (${error.message}); ${later(ms)}`));
  events.on("lost", (job) => write(`the lease of job ${job.id}, attempt ${job.attempt}, is lost`));
  events.on("unreported", (job, problem) => write(`job ${job.id} is not reported: ${problem}`));
  events.on("drainOrdered", () => write("an operator asks the worker to stop"));
  events.on("stopped", ({ running, unreported }) => {
    const left = running + unreported > 0 ? `; ${running} jobs run on, ${unreported} are not reported` : "";
    write(`stopped${left}`);
  });
}
