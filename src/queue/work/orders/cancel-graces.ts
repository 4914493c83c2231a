import type { RedisStore } from "../../../store/redis/store.js";
import type { Logger } from "../../../telemetry/log/log.js";
import type { Keys } from "../../job/keys.js";
import { type CancelOrder, readOrder } from "../cancel-order.js";
import type { WorkBatcher } from "../work-batcher.js";

/** Fails the jobs whose workers were ordered to stop and have not reported within the grace, or within their leases. */
export class CancelGraces {
  /** Jobs that failed so: each is a place of a worker that is stuck. */
  stuck = 0;

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
    private readonly batcher: WorkBatcher,
    private readonly log: Logger,
  ) {}

  /** Ends what is due in these queues. A job that was settled meanwhile answers so. */
  async end(queues: readonly string[]): Promise<void> {
    const now = this.store.clock.now();
    const due = await Promise.all(queues.map((queue) => this.readDue(queue, now)));
    await Promise.all(queues.map((queue, index) => this.endAll(queue, due[index] ?? [])));
  }

  /** The orders of a queue whose graces have ended, or whose leases. */
  private async readDue(queue: string, now: number): Promise<string[]> {
    const { client } = this.store;
    const all = await client.zrange(this.keyOf(queue), 0, -1);
    if (all.length === 0) return [];
    const orders = all.map((json) => readOrder(queue, json));
    const locks = await client.mget(orders.map(({ jobId }) => this.keys.of(queue, `${jobId}:lock`)));
    return all.filter((_, index) => (orders[index] as CancelOrder).endsAt <= now || locks[index] === null);
  }

  private async endAll(queue: string, due: string[]): Promise<void> {
    if (due.length === 0) return;
    const reports = due
      .map((json) => readOrder(queue, json))
      .map(({ jobId, token, reason }) => {
        return { jobId, token, outcome: { kind: "stuck", reason } as const };
      });
    const verdicts = await this.batcher.change(queue, reports);
    const settled = due.filter((_, index) => typeof verdicts[index] === "string");
    if (settled.length > 0) await this.store.client.zrem(this.keyOf(queue), ...settled);
    const stuck = verdicts.filter((verdict) => verdict === "applied").length;
    if (stuck === 0) return;
    this.stuck += stuck;
    this.log.warn(`${stuck} cancelled jobs of the queue ${queue} failed: their workers did not stop within the grace`);
  }

  private keyOf(queue: string): string {
    return this.keys.of(queue, "posta-cancels");
  }
}
