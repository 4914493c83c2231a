import type { PostaError } from "../errors/posta-error.js";

/** How a group commit chooses its next batch from the waiting items. The order of the items is always kept. */
export interface BatchStrategy<Item> {
  /** The most items in one batch. */
  maxBatch: number;
  /** The most batches in flight at a time. While a batch is in flight, only full batches are sent. */
  maxInFlight: number;
  /**
   * Begins a batch with its first item. Returns a function that says whether an item may join, the first item included.
   * Without `begin`, every item may join.
   */
  begin?(first: Item): (item: Item) => boolean;
  /**
   * Whether a batch that begins with this item goes alone. Such a batch is sent only while no other batch is in flight,
   * and later batches wait for it.
   */
  goesAlone?(first: Item): boolean;
  /**
   * The result of an item whose caller no longer waits when its batch is made. Without this function, such items are
   * written.
   */
  abandonedError?(): PostaError;
}
