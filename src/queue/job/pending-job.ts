import type { Waiter } from "../../batching/waiter.js";
import { PostaError } from "../../errors/posta-error.js";
import type { JobSpec } from "./job.js";

/** The caller that adds jobs. */
export interface AddCaller extends Waiter {
  /** The caller's own id of the request. Each job carries it. */
  readonly requestId?: string | undefined;
}

/** A job on its way into its queue. */
export interface PendingJob {
  readonly spec: JobSpec;
  readonly id: string;
  /** Posta made the id, so no other job can have it yet. */
  readonly fresh: boolean;
  readonly caller: AddCaller;
  /** The number of the job's row in the spool, if the job comes from there. */
  readonly row?: number;
}

/** What became of a job. */
export type AddResult =
  | { jobId: string; outcome: "added" | "duplicate" | "spooled"; error?: undefined }
  | { jobId: string; outcome?: undefined; error: PostaError };

/** Writes jobs of one queue to a store. */
export interface QueueWriter {
  /**
   * Writes a batch of jobs in order. Either all jobs have deduplication or none does. Returns a result for each job.
   * `earlier` resolves when all earlier batches of the queue have their results. Throws if the store failed.
   */
  write(queue: string, batch: PendingJob[], earlier: Promise<void>): Promise<AddResult[]>;
}

/** The result of a job that its caller no longer waited for. */
export function abandonedError(): PostaError {
  return new PostaError("expired", "the deadline passed before the job was written; it was not added");
}

/** Whether BullMQ itself has to write the job. */
export function isDeduplicated({ spec }: PendingJob): boolean {
  return spec.options.deduplication !== undefined;
}

/** Turns each error into the result of its job. Reuses the list. */
export function toAddResults(jobs: readonly PendingJob[], results: (AddResult | PostaError)[]): AddResult[] {
  for (const [index, result] of results.entries()) {
    if (result instanceof PostaError) results[index] = { jobId: (jobs[index] as PendingJob).id, error: result };
  }
  return results as AddResult[];
}
