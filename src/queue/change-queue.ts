import type { Queue } from "bullmq";
import { PostaError } from "../errors.js";
import type { RedisStore } from "../store/redis.js";
import { toStoreError } from "../store/redis-errors.js";
import { type Bull, hasActiveJobs, queueMeta, wrongState } from "./bull.js";
import type { Keys } from "./keys.js";
import type { Caller } from "./lane.js";
import type { State } from "./read-job.js";
import type { QueueLimits, QueueReader } from "./read-queue.js";

/** How many jobs one script run of a long change touches: Redis serves others in between. */
const stepJobs = 1000;

/** The states that BullMQ cleans. */
export type CleanableState = Exclude<State, "active" | "waiting-children">;

/** Changes queues as a whole, by BullMQ's own operations. */
export class QueueChanger {
  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
    private readonly bull: Bull,
    private readonly queues: QueueReader,
  ) {}

  /** Goes on until no job that had finished when it began is left, or nobody waits for it any more. */
  async retryJobs(queue: string, state: "failed" | "completed", caller: Caller): Promise<void> {
    await this.queues.requireQueue(queue);
    await this.inSteps(queue, async (bull) => {
      const begun = Date.now();
      const step = () => bull.getBackend().retryFinishedJobs(state, stepJobs, begun);
      while (await step()) requireCaller(caller);
    });
  }

  async pause(queue: string): Promise<void> {
    await this.list(queue);
    await this.bull.run(queue, (bull) => bull.pause());
  }

  async resume(queue: string): Promise<void> {
    await this.queues.requireQueue(queue);
    await this.bull.run(queue, (bull) => bull.resume());
  }

  /** BullMQ's own drain is one script run, however many jobs there are: it is left the rest. */
  async drain(queue: string, includeDelayed: boolean, caller: Caller): Promise<void> {
    await this.queues.requireQueue(queue);
    await this.inSteps(queue, async (bull) => {
      const begun = Date.now();
      for (const part of ["wait", "paused", "prioritized", ...(includeDelayed ? ["delayed"] : [])]) {
        const step = () => bull.getBackend().cleanJobsByState(part, begun, stepJobs);
        while ((await step()).length > 0) requireCaller(caller);
      }
      await bull.drain(includeDelayed);
    });
  }

  /** How many jobs were removed. */
  async clean(queue: string, state: CleanableState, olderThanMs: number, limit: number): Promise<number> {
    await this.queues.requireQueue(queue);
    const removed = await this.bull.run(queue, (bull) => bull.clean(olderThanMs, limit, state));
    return removed.length;
  }

  /** BullMQ pauses the queue first; one that has active jobs is refused before that. */
  async obliterate(queue: string, force: boolean, caller: Caller): Promise<void> {
    const { counts, paused } = await this.queues.get(queue);
    if (counts.active > 0 && !force) throw wrongState(`the queue has ${counts.active} active jobs: use force`);
    await this.inSteps(queue, async (bull) => {
      await bull.pause();
      const step = () => bull.getBackend().obliterate({ force, count: stepJobs });
      try {
        while (await step()) requireCaller(caller);
      } catch (error) {
        if (hasActiveJobs(error) && !paused) await bull.resume();
        throw error;
      }
      await this.unlist(queue);
    });
  }

  /** A limit that is absent is lifted. */
  async setLimits(queue: string, { concurrency, rate }: QueueLimits): Promise<void> {
    await this.list(queue);
    await this.inSteps(queue, async (bull) => {
      await Promise.all([
        concurrency === undefined ? bull.removeGlobalConcurrency() : bull.setGlobalConcurrency(concurrency),
        rate === undefined ? bull.removeGlobalRateLimit() : bull.setGlobalRateLimit(rate.max, rate.durationMs),
      ]);
    });
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

  /** Unless someone added to it meanwhile: then it is a queue again. */
  private async unlist(queue: string): Promise<void> {
    const { client } = this.store;
    await client.zrem(this.keys.queues, queue);
    if (await client.exists(this.keys.of(queue, "meta"))) await client.zadd(this.keys.queues, 0, queue);
  }

  /** A change of several steps: when one fails, those before it are done. */
  private async inSteps(queue: string, change: (bull: Queue) => Promise<void>): Promise<void> {
    await this.bull.run(queue, change).catch((error: PostaError) => {
      if (error.code !== "unavailable") throw error;
      const { retryAfterMs, cause } = error;
      const message = "the queue's store was lost: a part of the change may be done; call again";
      throw new PostaError("unavailable", message, { retryAfterMs, cause });
    });
  }
}

function requireCaller(caller: Caller): void {
  if (caller.cancelled || caller.deadline <= Date.now()) {
    throw new PostaError("expired", "the deadline passed before all jobs were changed; call again to go on");
  }
}
