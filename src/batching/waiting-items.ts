import { Batch } from "./batch.js";
import type { BatchStrategy } from "./batch-strategy.js";
import type { PendingCall } from "./pending-call.js";
import { isAbandoned } from "./waiter.js";

/** The items that no batch has taken yet, in the order in which they came. */
export class WaitingItems<Item, Result> {
  size = 0;
  /** When the first item began to wait, by performance.now(). The time is approximate after a batch was taken. */
  since = 0;
  private calls: PendingCall<Item, Result>[] = [];
  /** How many items of the first call were taken. */
  private taken = 0;

  /** Adds a call with at least one item. */
  push(call: PendingCall<Item, Result>): void {
    if (this.size === 0) this.since = performance.now();
    this.calls.push(call);
    this.size += call.items.length;
  }

  get first(): Item {
    return this.calls[0]?.items[this.taken] as Item;
  }

  /** Takes the next batch. The batch is empty if no caller waits for its items any more. */
  take(strategy: BatchStrategy<Item>): Batch<Item, Result> {
    const batch = new Batch<Item, Result>();
    const mayJoin = strategy.begin?.(this.first);
    const now = Date.now();
    let finished = 0;
    for (const call of this.calls) {
      const isLate = strategy.abandonedError !== undefined && isAbandoned(call.waiter, now);
      const error = isLate ? strategy.abandonedError?.() : undefined;
      for (; this.taken < call.items.length && batch.size < strategy.maxBatch; this.taken += 1) {
        if (mayJoin && !mayJoin(call.items[this.taken] as Item)) break;
        if (error) call.settle(this.taken, error);
        else batch.add(call, this.taken);
        this.size -= 1;
      }
      if (this.taken < call.items.length) break;
      this.taken = 0;
      finished += 1;
    }
    this.calls = finished === this.calls.length ? [] : this.calls.slice(finished);
    this.since = performance.now(); // The items that are left came after those taken.
    return batch;
  }
}
