import type { BullAdapter } from "../../store/bullmq/adapter.js";
import type { Queue } from "../../store/bullmq/module.js";
import { isWrongType } from "../../store/redis/errors.js";
import type { RedisStore } from "../../store/redis/store.js";
import { toShownFields } from "../job/shown-job.js";

/**
 * A queue for a user interface that uses BullMQ itself. {@link toShownFields} prepares the queue's jobs. The queue's
 * operations fail with BullMQ's errors.
 */
export async function openShownQueue(bull: BullAdapter, store: RedisStore, name: string): Promise<Queue> {
  const queue: Queue = await bull.queue(name);
  const backend = queue.getBackend();
  const { getJobData } = backend;
  backend.getJobData = async (id) => {
    const fields = await store.client.hgetall(backend.toKey(id)).catch(noJobIfWrongType);
    // BullMQ reads a job by this one call.
    const client = Promise.resolve({ hgetall: async () => toShownFields(fields) });
    return getJobData.call({ queue: { client, toKey: String } } as never, id);
  };
  // BullMQ's own getJobs reads all jobs in one script. The script ends at a key of another type in a job's place.
  // BullMQ then reads the jobs one by one.
  queue.getJobs = async (types = [], start = 0, end = -1, asc = false) => {
    const ids = new Set(await queue.getRanges([types].flat(), start, end, asc));
    const jobs = await Promise.all([...ids].map((id) => queue.getJob(id)));
    return jobs.filter((job) => job !== undefined);
  };
  return queue;
}

/** A key of another type is no job. */
function noJobIfWrongType(error: unknown): Record<string, string> {
  if (!isWrongType(error)) throw error;
  return {};
}
