import type { BullAdapter } from "../../store/bullmq/adapter.js";
import type { FinishedStatus, Job, RetryOptions } from "../../store/bullmq/module.js";
import type { StoredJob } from "../inspect/read-job.js";
import { parseObject } from "../job/stored-json.js";

/** A job that has finished, as it was read. */
export type FinishedJob = StoredJob & { state: FinishedStatus };

/** Whether a job has finished. */
export function isFinished(job: StoredJob): job is FinishedJob {
  return job.state === "failed" || job.state === "completed";
}

/**
 * Puts a finished job back into its queue. BullMQ's own Job would parse the payload, which need not be JSON. Only the
 * job's options say where the job goes. Throws not-found or wrong-state if the job was removed or retried meanwhile.
 */
export async function retryFinished(
  bull: BullAdapter,
  queue: string,
  { id, state, fields }: FinishedJob,
  options: RetryOptions = {},
): Promise<void> {
  const { lifo = false } = parseObject<{ lifo: unknown }>(fields.opts ?? "{}");
  const job = { id, opts: { lifo } } as Job;
  await bull.run(queue, (one) => one.getBackend().retryFinishedJob(job, state, options), id);
}
