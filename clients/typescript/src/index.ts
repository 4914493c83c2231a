export type { WorkerEvents } from "./events.js";
export type { Handler } from "./job/handler.js";
export type { Job } from "./job/job.js";
export {
  JobCancelled,
  LeaseLost,
  Postpone,
  RateLimited,
  Release,
  RetryLater,
  Unrecoverable,
  WorkerStopped,
} from "./job/outcomes.js";
export type { JobContext } from "./job/run.js";
export type { WorkerOptions } from "./options.js";
export type { TlsOptions } from "./session/connection.js";
export { type Worker, worker } from "./worker.js";
