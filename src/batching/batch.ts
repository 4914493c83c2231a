import type { PostaError } from "../errors/posta-error.js";
import type { PendingCall } from "./pending-call.js";
import type { Waiter } from "./waiter.js";

/** Items of several calls that go to a store together. Parallel lists avoid one object per item. */
export class Batch<Item, Result> {
  readonly items: Item[] = [];
  /** The earliest deadline of all waiting callers, in milliseconds since 1970. */
  deadline = Number.POSITIVE_INFINITY;
  /** For each item: its call, and its place in that call. */
  private readonly calls: PendingCall<Item, Result>[] = [];
  private readonly places: number[] = [];

  get size(): number {
    return this.items.length;
  }

  add(call: PendingCall<Item, Result>, place: number): void {
    this.items.push(call.items[place] as Item);
    this.calls.push(call);
    this.places.push(place);
    if (call.waiter.deadline < this.deadline) this.deadline = call.waiter.deadline;
  }

  /** The caller that waits for the item at an index of the batch. */
  waiterOf(index: number): Waiter {
    return (this.calls[index] as PendingCall<Item, Result>).waiter;
  }

  /** Gives each item's result to its call. The results are in the order of the items. */
  settle(results: readonly (Result | PostaError)[]): void {
    for (const [index, call] of this.calls.entries()) {
      call.settle(this.places[index] as number, results[index] as Result | PostaError);
    }
  }

  /** Gives all items the same error. */
  fail(error: PostaError): void {
    for (const [index, call] of this.calls.entries()) call.settle(this.places[index] as number, error);
  }
}
