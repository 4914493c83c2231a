import type { Waiter } from "../../batching/waiter.js";
import { PostaError } from "../../errors/posta-error.js";
import type { JobSpec } from "./job.js";

/** Who adds jobs. */
export interface AddCaller extends Waiter {
  /** The caller's own id of the request; it goes with each job. */
  readonly requestId?: string | undefined;
}

/** A job on its way into its queue. */
export interface PendingJob {
  readonly spec: JobSpec;
  readonly id: string;
  /** Posta made the id, so no other job can have it yet. */
  readonly fresh: boolean;
  readonly caller: AddCaller;
  /** Of a job that comes from the spool: the number of its row there. */
  readonly row?: number;
}

/** What became of a job. */
export type AddResult =
  | { jobId: string; outcome: "added" | "duplicate" | "spooled"; error?: undefined }
  | { jobId: string; outcome?: undefined; error: PostaError };

/** Writes jobs of one queue to a store. */
export interface QueueWriter {
  /**
   * Writes a batch of jobs, all with deduplication or none, in order; answers a result for each. `earlier` resolves when the
   * queue's batches that were sent earlier have their results. Throws if the store failed.
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

/** The results of jobs, where an error stands for a job that has no other result. Reuses the list. */
export function toAddResults(jobs: readonly PendingJob[], results: (AddResult | PostaError)[]): AddResult[] {
  for (const [index, result] of results.entries()) {
    if (result instanceof PostaError) results[index] = { jobId: (jobs[index] as PendingJob).id, error: result };
  }
  return results as AddResult[];
}
