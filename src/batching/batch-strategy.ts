import type { PostaError } from "../errors/posta-error.js";

/** How a group commit chooses its next batch from what waits. Order is always kept. */
export interface BatchStrategy<Item> {
  /** Items of one batch, at most. */
  maxBatch: number;
  /** Batches that may be in flight at a time. Beyond the first, only full batches are sent. */
  maxInFlight: number;
  /**
   * Begins a batch: is given the first item, and answers a function that says of each item, the first included, whether it may
   * join. Left out: every item may.
   */
  begin?(first: Item): (item: Item) => boolean;
  /** Whether a batch that begins with this item is only sent while no other is in flight, and holds back those after it. */
  goesAlone?(first: Item): boolean;
  /** The result of an item that nobody waits for any more when its batch is made. Left out: such items are written. */
  abandonedError?(): PostaError;
}
