import type { Waiter } from "../../batching/waiter.js";
import type { BullAdapter } from "../../store/bullmq/adapter.js";
import { type Queue, queueMeta } from "../../store/bullmq/module.js";
import { rethrowStoreError } from "../../store/redis/errors.js";
import type { RedisStore } from "../../store/redis/store.js";
import type { QueueLimits, QueueReader } from "../inspect/read-queue.js";
import type { Keys } from "../job/keys.js";
import type { Cleaned, CleanQuery, QueueCleaner } from "./clean-queue.js";
import { requireCaller, rethrowPartial, stepJobs } from "./long-change.js";

/** Changes queues as a whole, by BullMQ's own operations. */
export class QueueChanger {
  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
    private readonly bull: BullAdapter,
    private readonly queues: QueueReader,
    private readonly cleaner: QueueCleaner,
  ) {}

  /** Retries all jobs that had finished when the call began. Stops early if the caller no longer waits. */
  async retryJobs(queue: string, state: "failed" | "completed", caller: Waiter): Promise<void> {
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

  /** Removes jobs in chunks. BullMQ's own drain is one script run, for any number of jobs. */
  async drain(queue: string, includeDelayed: boolean, caller: Waiter): Promise<void> {
    await this.queues.requireQueue(queue);
    const states = ["waiting", "prioritized", ...(includeDelayed ? (["delayed"] as const) : [])] as const;
    for (const state of states) {
      while ((await this.cleaner.clean({ queue, state }, caller).catch(rethrowPartial)).more) requireCaller(caller);
    }
  }

  /** Returns how many jobs were removed, and whether the scan ended early. */
  async clean(query: CleanQuery, caller: Waiter): Promise<Cleaned> {
    await this.queues.requireQueue(query.queue);
    return this.cleaner.clean(query, caller).catch(rethrowPartial);
  }

  /** Lifts a limit that is absent. The number of events stays, if it is absent: another program may have set it. */
  async setLimits(queue: string, limits: QueueLimits): Promise<void> {
    const { concurrency, rate, maxEvents } = limits;
    await this.list(queue);
    await this.inSteps(queue, async (bull) => {
      await Promise.all([
        concurrency === undefined ? bull.removeGlobalConcurrency() : bull.setGlobalConcurrency(concurrency),
        rate === undefined ? bull.removeGlobalRateLimit() : bull.setGlobalRateLimit(rate.max, rate.durationMs),
        maxEvents === undefined ? undefined : this.setMaxEvents(queue, maxEvents),
      ]);
    });
  }

  private async setMaxEvents(queue: string, maxEvents: number): Promise<void> {
    await this.store.client.hset(this.keys.of(queue, "meta"), "opts.maxLenEvents", maxEvents);
  }

  /**
   * Puts the queue on the list of queues. Also writes to meta the fields that BullMQ's own queue writes. Without these
   * fields, meta and the queue would disappear with the last pause or limit.
   */
  private async list(queue: string): Promise<void> {
    const { client } = this.store;
    const meta = this.keys.of(queue, "meta");
    await Promise.all([
      client.hsetnx(meta, "opts.maxLenEvents", queueMeta.maxLenEvents),
      client.hsetnx(meta, "version", queueMeta.version),
      client.zadd(this.keys.queues, 0, queue),
    ]).catch(rethrowStoreError);
  }

  /** A change of several steps. */
  private async inSteps(queue: string, change: (bull: Queue) => Promise<void>): Promise<void> {
    await this.bull.run(queue, change).catch(rethrowPartial);
  }
}
