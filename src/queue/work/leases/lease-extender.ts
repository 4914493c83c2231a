import { pack } from "msgpackr";
import type { BatchStrategy } from "../../../batching/batch-strategy.js";
import { GroupCommit } from "../../../batching/group-commit.js";
import { KeyedCommits } from "../../../batching/keyed-commits.js";
import type { Waiter } from "../../../batching/waiter.js";
import type { PostaError } from "../../../errors/posta-error.js";
import { toStoreError } from "../../../store/redis/errors.js";
import { defineScript, readLua, type Script } from "../../../store/redis/scripts.js";
import type { RedisStore } from "../../../store/redis/store.js";
import type { Keys } from "../../job/keys.js";
import { type CancelOrder, readOrder } from "../cancel-order.js";
import { abandonedError, type LeaseName } from "../work.js";
import type { WorkedQueues } from "../worked-queues.js";

export interface ExtendOptions {
  leaseMs: number;
  isShown: boolean;
  waiter?: Waiter;
}

/** What became of a lease that was to be extended. */
export interface ExtendResult {
  isHeld: boolean;
  /** The worker is to stop working on the job. */
  cancel?: CancelOrder;
}

interface Extension extends LeaseName {
  leaseMs: number;
  isShown: boolean;
}

const extensions: BatchStrategy<Extension> = {
  maxBatch: 1000,
  maxInFlight: 1,
  abandonedError,
  begin:
    ({ isShown }) =>
    (other) =>
      other.isShown === isShown,
};

/** Extends leases: those of all workers of a queue that ask at the same time share one run of a script. */
export class LeaseExtender {
  private readonly script: Script<[digits: string, cancelled: (number | string)[]]>;
  private readonly commits: KeyedCommits<Extension, ExtendResult>;

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
    private readonly worked: WorkedQueues,
  ) {
    this.script = defineScript(store.client, "queue/work/extend-leases", 3, { before: readLua("queue/work/holder") });
    this.commits = new KeyedCommits((queue) => new GroupCommit((leases) => this.write(queue, leases), extensions));
  }

  /**
   * Lets leases last for `leaseMs` from now. `isShown`: the worker itself names them, so a session of before that ends
   * later must not put them back. Resolves to a result or an error for each lease, in order; never rejects.
   */
  extend(
    queue: string,
    leases: readonly LeaseName[],
    { leaseMs, isShown, waiter }: ExtendOptions,
  ): Promise<(ExtendResult | PostaError)[]> {
    this.worked.note(queue, leaseMs);
    const items = leases.map((lease) => ({ ...lease, leaseMs, isShown }));
    return this.commits.pushAll(queue, items, waiter);
  }

  private async write(queue: string, leases: Extension[]): Promise<ExtendResult[]> {
    this.store.requireUsable();
    const fields = leases.flatMap(({ jobId, token, leaseMs }) => [jobId, token, leaseMs]);
    const keys = ["stalled", "active", "posta-cancels"].map((part) => this.keys.of(queue, part));
    try {
      const args = [this.keys.start(queue), pack(fields), leases[0]?.isShown ? "1" : "0"];
      return this.toResults(await this.script(keys, args), queue);
    } catch (error) {
      throw toStoreError(error);
    }
  }
  private toResults([digits, cancelled]: [string, (number | string)[]], queue: string): ExtendResult[] {
    const results: ExtendResult[] = [...digits].map((digit) => ({ isHeld: digit === "1" }));
    for (let index = 0; index < cancelled.length; index += 2) {
      const result = results[Number(cancelled[index]) - 1];
      const order = readOrder(queue, String(cancelled[index + 1]));
      if (result) result.cancel = { ...order, endsAt: this.store.clock.toLocalTime(order.endsAt) };
    }
    return results;
  }
}
