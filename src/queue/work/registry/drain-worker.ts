import { PostaError, show } from "../../../errors/posta-error.js";
import { toStoreError } from "../../../store/redis/errors.js";
import type { RedisStore } from "../../../store/redis/store.js";
import type { Keys } from "../../job/keys.js";
import type { WorkControl } from "../orders/work-control.js";
import type { WorkerLister } from "./list-workers.js";
import { membersOf } from "./worker-info.js";

/** How long an order stands, in milliseconds: a worker that reconnects hears it again. */
const orderMs = 3_600_000;

/** Orders workers to end. The order is in Redis; to tell the worker's server at once is only faster. */
export class WorkerDrain {
  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
    private readonly lister: WorkerLister,
    private readonly control: WorkControl,
  ) {}

  /** Throws not-found for a worker that ListWorkers does not show the caller, forbidden if it shows some queues only. */
  async drain(worker: string, mayWork: (queue: string) => boolean): Promise<void> {
    try {
      const entries = await this.lister.find(membersOf(worker));
      const queues = [...new Set(entries.flatMap((entry) => entry.queues.map(({ queue }) => queue)))];
      requireMayDrain(worker, queues, mayWork);
      const order = { worker, queues };
      const now = this.store.clock.now();
      const { client } = this.store;
      const ended = client.zremrangebyscore(this.keys.drained, 0, now);
      const added = client.zadd(this.keys.drained, now + orderMs, JSON.stringify(order));
      await Promise.all([ended, added, client.pexpire(this.keys.drained, orderMs)]);
      this.control.tell({ drain: order });
    } catch (error) {
      throw toStoreError(error);
    }
  }
}

/** The error names no queue: those of others are not shown to the caller. */
function requireMayDrain(worker: string, queues: readonly string[], mayWork: (queue: string) => boolean): void {
  const shown = queues.filter(mayWork);
  if (shown.length === 0) throw new PostaError("not-found", `there is no worker ${show(worker)}`);
  if (shown.length < queues.length)
    throw new PostaError("forbidden", `the caller may not work on all queues of the worker ${show(worker)}`);
}
