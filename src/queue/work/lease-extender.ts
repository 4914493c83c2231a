import { pack } from "msgpackr";
import type { BatchStrategy } from "../../batching/batch-strategy.js";
import { GroupCommit } from "../../batching/group-commit.js";
import { KeyedCommits } from "../../batching/keyed-commits.js";
import type { Waiter } from "../../batching/waiter.js";
import type { PostaError } from "../../errors/posta-error.js";
import { toStoreError } from "../../store/redis/errors.js";
import { defineScript, type Script } from "../../store/redis/scripts.js";
import type { RedisStore } from "../../store/redis/store.js";
import type { Keys } from "../job/keys.js";
import { abandonedError, attemptOf, type LeaseName } from "./work.js";
import type { WorkedQueues } from "./worked-queues.js";

export interface ExtendOptions {
  leaseMs: number;
  isShown: boolean;
  waiter?: Waiter;
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
  private readonly script: Script<string>;
  private readonly commits: KeyedCommits<Extension, boolean>;

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
    private readonly worked: WorkedQueues,
  ) {
    this.script = defineScript(store.client, "queue/work/extend-leases", 2);
    this.commits = new KeyedCommits((queue) => new GroupCommit((leases) => this.write(queue, leases), extensions));
  }

  /**
   * Lets leases last for `leaseMs` from now. `isShown`: the worker itself names them, so a session of before that ends
   * later must not put them back. Resolves to whether each lease is still held, or to an error; never rejects.
   */
  extend(
    queue: string,
    leases: readonly LeaseName[],
    { leaseMs, isShown, waiter }: ExtendOptions,
  ): Promise<(boolean | PostaError)[]> {
    this.worked.note(queue, leaseMs);
    const items = leases.map((lease) => ({ ...lease, leaseMs, isShown }));
    return this.commits.pushAll(queue, items, waiter);
  }

  private async write(queue: string, leases: Extension[]): Promise<boolean[]> {
    this.store.requireUsable();
    const fields = leases.flatMap(({ jobId, token, leaseMs }) => [
      jobId,
      token,
      String(attemptOf(token) ?? 0),
      leaseMs,
    ]);
    const keys = [this.keys.of(queue, "stalled"), this.keys.of(queue, "active")];
    try {
      const held = await this.script(keys, [this.keys.start(queue), pack(fields), leases[0]?.isShown ? "1" : "0"]);
      return leases.map((_, index) => held[index] === "1");
    } catch (error) {
      throw toStoreError(error);
    }
  }
}
