import type { Waiter } from "../../batching/waiter.js";
import { wrongState } from "../../errors/posta-error.js";
import type { BullAdapter } from "../../store/bullmq/adapter.js";
import { hasActiveJobs, toQueueError } from "../../store/bullmq/errors.js";
import type { Statement } from "../../store/postgres/session.js";
import type { PostgresStore } from "../../store/postgres/store.js";
import type { RedisStore } from "../../store/redis/store.js";
import { noSuchQueue } from "../inspect/read-job.js";
import type { QueueFigures, QueueReader } from "../inspect/read-queue.js";
import type { Keys } from "../job/keys.js";
import type { QueueCleaner } from "./clean-queue.js";
import { KeySweep } from "./key-sweep.js";
import { requireCaller, rethrowPartial, stepJobs } from "./long-change.js";

const spoolRows = 10_000;

const removeWaiting: Statement = {
  name: "spool-remove-waiting",
  text: `WITH removed AS (DELETE FROM spool WHERE seq IN (
      SELECT seq FROM spool WHERE queue = $1 AND moved_at IS NULL ORDER BY seq LIMIT ${spoolRows} FOR UPDATE SKIP LOCKED)
    RETURNING seq) SELECT count(*)::integer AS removed FROM removed`,
};

export interface ObliterateStores {
  redis: RedisStore;
  /** undefined: this process has no PostgreSQL. */
  postgres: Pick<PostgresStore, "usable" | "query"> | undefined;
}

/**
 * Removes queues with all that BullMQ and Posta keep for them. Each step is short and may be the last. A queue stays on
 * Posta's list until all is done, so the next call can continue. Dead letters stay: they are the record of failed work.
 */
export class QueueObliterator {
  private readonly sweep: KeySweep;

  constructor(
    private readonly stores: ObliterateStores,
    private readonly keys: Keys,
    private readonly bull: BullAdapter,
    private readonly queues: QueueReader,
    private readonly cleaner: QueueCleaner,
  ) {
    this.sweep = new KeySweep(stores.redis, keys);
  }

  /** Throws not-found, wrong-state for active jobs without `force`, and expired. */
  async obliterate(queue: string, force: boolean, caller: Waiter): Promise<void> {
    const begun = Date.now();
    const figures = await this.queues.find(queue);
    if (!figures && !(await this.queues.isListed(queue))) throw noSuchQueue(queue);
    const active = figures?.counts.active ?? 0;
    if (active > 0 && !force) throw wrongState(`the queue has ${active} active jobs: use force`);
    await this.removeSpooled(queue, caller);
    try {
      if (figures) await this.removeListed(figures, force, caller);
      await this.removeParents(queue, begun, caller);
      await this.sweep.run({ queue, begun, anew: figures !== undefined }, caller);
      await this.unlist(queue);
    } catch (error) {
      rethrowPartial(toQueueError(error, { queue }));
    }
  }

  /**
   * Removes the queue's jobs from the spool, because they would create the queue again. Without PostgreSQL, this
   * process cannot know of such jobs.
   */
  private async removeSpooled(queue: string, caller: Waiter): Promise<void> {
    const { postgres } = this.stores;
    while (postgres?.usable) {
      const [answer] = await postgres.query<{ removed: number }>(removeWaiting, [queue]);
      if (answer === undefined || answer.removed < spoolRows) return;
      requireCaller(caller);
    }
  }

  /** BullMQ obliterates only a queue that is paused. */
  private async removeListed({ name, paused }: QueueFigures, force: boolean, caller: Waiter): Promise<void> {
    await this.bull.run(name, async (bull) => {
      await bull.pause();
      const step = () => bull.getBackend().obliterate({ force, count: stepJobs });
      try {
        while (await step()) requireCaller(caller);
      } catch (error) {
        if (hasActiveJobs(error) && !paused) await bull.resume();
        throw error;
      }
    });
  }

  /** Removes jobs that wait for jobs of other queues. BullMQ leaves them. */
  private async removeParents(queue: string, notAfter: number, caller: Waiter): Promise<void> {
    const parents = { queue, state: "waiting-children", notAfter } as const;
    while ((await this.cleaner.clean(parents, caller)).more) requireCaller(caller);
  }

  /** Takes the queue off the list, unless a job was added meanwhile: then the queue exists again. */
  private async unlist(queue: string): Promise<void> {
    const { client } = this.stores.redis;
    await client.zrem(this.keys.queues, queue);
    if (await client.exists(this.keys.of(queue, "meta"))) await client.zadd(this.keys.queues, 0, queue);
  }
}
