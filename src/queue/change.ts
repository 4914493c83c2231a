import type { Queue } from "bullmq";
import { PostaError, show } from "../errors.js";
import type { RedisStore } from "../store/redis.js";
import { toStoreError } from "../store/redis-errors.js";
import { type Bull, errorCodes, queueMeta } from "./bull.js";
import type { Keys } from "./keys.js";
import type { Caller } from "./lane.js";
import { type JobReader, noSuchJob, type State } from "./read-job.js";
import type { QueueLimits, QueueReader } from "./read-queue.js";

/** How many jobs one script run of a long change touches: Redis serves others in between. */
const stepJobs = 1000;

/** Changes jobs and queues, by BullMQ's own operations. */
export class Changer {
  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
    private readonly bull: Bull,
    private readonly jobs: JobReader,
    private readonly queues: QueueReader,
  ) {}

  /** The payload is kept byte for byte; BullMQ's own update would parse and print it. */
  async updateData(queue: string, id: string, dataJson: string): Promise<void> {
    await this.onJob(queue, id, async (bull) => {
      const backend = bull.getBackend();
      const code = await backend.execCommand(await backend.client, "updateData", [this.keys.of(queue, id), dataJson]);
      if (code < 0) throw noSuchJob(queue, id);
    });
  }

  async updatePriority(queue: string, id: string, priority: number): Promise<void> {
    await this.onJob(queue, id, (bull) => bull.getBackend().changePriority(id, priority));
  }

  async updateDelay(queue: string, id: string, delayMs: number): Promise<void> {
    await this.onJob(queue, id, (bull) => bull.getBackend().changeDelay(id, delayMs));
  }

  async removeJob(queue: string, id: string): Promise<void> {
    await this.jobs.get(queue, id);
    await this.onJob(queue, id, async (bull) => {
      const removed = await bull.remove(id);
      if (removed === 0) throw wrongState(`a worker has the job ${show(id)}: it cannot be removed now`);
    });
  }

  /** Throws wrong-state unless the job has finished. */
  async retryJob(queue: string, id: string): Promise<void> {
    const { state } = await this.jobs.get(queue, id);
    if (state !== "failed" && state !== "completed") {
      throw wrongState(`the job ${show(id)} is ${state}: only failed and completed jobs can be retried`);
    }
    await this.onJob(queue, id, async (bull) => {
      const job = await bull.getJob(id);
      if (!job) throw noSuchJob(queue, id);
      await job.retry(state);
    });
  }

  async promoteJob(queue: string, id: string): Promise<void> {
    await this.jobs.get(queue, id);
    await this.onJob(queue, id, (bull) => bull.getBackend().promote(id));
  }

  /** Goes on until no job that had finished when it began is left, or nobody waits for it any more. */
  async retryJobs(queue: string, state: "failed" | "completed", caller: Caller): Promise<void> {
    await this.queues.requireQueue(queue);
    await this.onQueue(queue, async (bull) => {
      const begun = Date.now();
      const step = () => bull.getBackend().retryFinishedJobs(state, stepJobs, begun);
      while (await step()) requireCaller(caller);
    });
  }

  async pause(queue: string): Promise<void> {
    await this.onQueue(queue, (bull) => bull.pause());
    await this.list(queue);
  }

  async resume(queue: string): Promise<void> {
    await this.queues.requireQueue(queue);
    await this.onQueue(queue, (bull) => bull.resume());
  }

  async drain(queue: string, includeDelayed: boolean): Promise<void> {
    await this.queues.requireQueue(queue);
    await this.onQueue(queue, (bull) => bull.drain(includeDelayed));
  }

  /** How many jobs were removed. */
  async clean(queue: string, state: CleanableState, olderThanMs: number, limit: number): Promise<number> {
    await this.queues.requireQueue(queue);
    const removed = await this.onQueue(queue, (bull) => bull.clean(olderThanMs, limit, state));
    return removed.length;
  }

  /** BullMQ pauses the queue first; one that has active jobs is refused before that. */
  async obliterate(queue: string, force: boolean, caller: Caller): Promise<void> {
    const { counts } = await this.queues.get(queue);
    if (counts.active > 0 && !force) throw wrongState(`the queue has ${counts.active} active jobs: use force`);
    await this.onQueue(queue, async (bull) => {
      await bull.pause();
      const step = () => bull.getBackend().obliterate({ force, count: stepJobs });
      while (await step()) requireCaller(caller);
      await this.store.client.zrem(this.keys.queues, queue);
    });
  }

  /** A limit that is absent is lifted. */
  async setLimits(queue: string, { concurrency, rate }: QueueLimits): Promise<void> {
    await this.onQueue(queue, async (bull) => {
      await Promise.all([
        concurrency === undefined ? bull.removeGlobalConcurrency() : bull.setGlobalConcurrency(concurrency),
        rate === undefined ? bull.removeGlobalRateLimit() : bull.setGlobalRateLimit(rate.max, rate.durationMs),
      ]);
    });
    await this.list(queue);
  }

  /** Also writes what BullMQ's own queue does into meta: else it, and the queue, would go with the last pause or limit. */
  private async list(queue: string): Promise<void> {
    const { client } = this.store;
    const meta = this.keys.of(queue, "meta");
    await Promise.all([
      client.hsetnx(meta, "opts.maxLenEvents", queueMeta.maxLenEvents),
      client.hsetnx(meta, "version", queueMeta.version),
      client.zadd(this.keys.queues, 0, queue),
    ]).catch((error) => {
      throw toStoreError(error);
    });
  }

  private async onJob(queue: string, id: string, change: (bull: Queue) => Promise<unknown>): Promise<void> {
    await this.onQueue(queue, change).catch((error) => {
      const code = (error.cause as { code?: number } | undefined)?.code;
      if (code === errorCodes.jobNotExist) throw noSuchJob(queue, id);
      if (code === errorCodes.jobNotInState) throw wrongState(`the job ${show(id)} is not in a state that allows this`);
      if (code === errorCodes.jobBelongsToJobScheduler) throw wrongState(`the job ${show(id)} belongs to a schedule`);
      throw error;
    });
  }

  private async onQueue<Result>(queue: string, change: (bull: Queue) => Promise<Result>): Promise<Result> {
    const bull = await this.bull.queue(queue);
    try {
      return await change(bull);
    } catch (error) {
      if (/active jobs/.test((error as Error).message)) throw wrongState("the queue has active jobs: use force");
      if (typeof (error as { code?: unknown }).code === "number")
        throw new PostaError("internal", "internal error", { cause: error });
      throw toStoreError(error);
    }
  }
}

/** The states that BullMQ cleans. */
export type CleanableState = Exclude<State, "active" | "waiting-children">;

function wrongState(message: string): PostaError {
  return new PostaError("wrong-state", message);
}

function requireCaller(caller: Caller): void {
  if (caller.cancelled || caller.deadline <= Date.now()) {
    throw new PostaError("expired", "the deadline passed before all jobs were changed; call again to go on");
  }
}
