import type { PostaError } from "../errors/posta-error.js";
import type { Waiter } from "./waiter.js";

/**
 * The items of one call on their way to a store. Batches may take them part by part. The call resolves once, when each of its
 * items has its result: a call of many items costs one promise.
 */
export class PendingCall<Item, Result> {
  private open: number;
  private readonly results: (Result | PostaError)[];

  constructor(
    readonly items: readonly Item[],
    readonly waiter: Waiter,
    private readonly resolve: (results: (Result | PostaError)[]) => void,
  ) {
    this.open = items.length;
    this.results = new Array(items.length);
  }

  /** The result of the item at a place. Each item has one result, and results come in any order. */
  settle(place: number, result: Result | PostaError): void {
    this.results[place] = result;
    this.open -= 1;
    if (this.open === 0) this.resolve(this.results);
  }
}
