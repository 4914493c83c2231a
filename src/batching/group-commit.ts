import { PostaError, toPostaError } from "../errors/posta-error.js";
import type { Batch } from "./batch.js";
import { BatchMetrics } from "./batch-metrics.js";
import type { BatchStrategy } from "./batch-strategy.js";
import { PendingCall } from "./pending-call.js";
import { patientWaiter, type Waiter } from "./waiter.js";
import { WaitingItems } from "./waiting-items.js";

/** What a writer may need to know about its batch, besides the items. */
export interface BatchContext {
  /** Resolves when all earlier batches have their results, whether they succeeded or failed. */
  readonly earlier: Promise<void>;
  /** The earliest deadline of all callers that wait for the batch, in milliseconds since 1970. */
  readonly deadline: number;
  /** The caller that waits for the item at an index of the batch. */
  waiterOf(index: number): Waiter;
}

/** Writes a batch in order. Returns a result for each item, or throws if the store failed. */
export type WriteBatch<Item, Result> = (
  items: Item[],
  context: BatchContext,
) => Promise<readonly (Result | PostaError)[]>;

/**
 * Group commit: items that arrive while a batch is in flight gather in the next batch. An idle process adds no delay. A
 * busy process shares one round trip among many items. Results come back by return value: one promise per call, for any
 * number of items.
 */
export class GroupCommit<Item, Result> {
  private readonly waiting = new WaitingItems<Item, Result>();
  private inFlight = 0;
  /** The batch in flight goes alone. */
  private alone = false;
  private scheduled = false;
  private earlier: Promise<void> = Promise.resolve();

  constructor(
    private readonly write: WriteBatch<Item, Result>,
    private readonly strategy: BatchStrategy<Item>,
    /** The metrics of the batches. Several group commits may share them. */
    readonly metrics = new BatchMetrics(),
  ) {}

  /** Nothing waits, and nothing is in flight. */
  get isAtRest(): boolean {
    return this.inFlight === 0 && this.waiting.size === 0;
  }

  /** Writes one item. Rejects with a PostaError if the item, or the write of its batch, failed. */
  async push(item: Item): Promise<Result> {
    const [result] = await this.pushAll([item]);
    if (result instanceof PostaError) throw result;
    return result as Result;
  }

  /**
   * Writes the items of a call. Resolves to a result for each item, in order. Never rejects: errors are among the
   * results.
   */
  pushAll(items: readonly Item[], waiter = patientWaiter): Promise<(Result | PostaError)[]> {
    return new Promise((resolve) => {
      if (items.length === 0) return resolve([]);
      this.waiting.push(new PendingCall(items, waiter, resolve));
      if (this.inFlight > 0) this.sendAll();
      else this.schedule();
    });
  }

  /** Sends after the other calls of this turn of the event loop: they came in by the same read of a socket. */
  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.sendAll();
    });
  }

  private sendAll(): void {
    while (this.maySend()) {
      const since = this.waiting.since;
      const batch = this.waiting.take(this.strategy);
      if (batch.size > 0) this.earlier = this.send(batch, since, this.earlier);
    }
  }

  private maySend(): boolean {
    if (this.inFlight === 0) return this.waiting.size > 0;
    const { maxBatch, maxInFlight } = this.strategy;
    const isFull = this.waiting.size >= maxBatch;
    return isFull && this.inFlight < maxInFlight && !this.alone && !this.goesAlone(this.waiting.first);
  }

  private goesAlone(first: Item): boolean {
    return this.strategy.goesAlone?.(first) ?? false;
  }

  /** Resolves when this batch and all earlier batches have their results. */
  private async send(batch: Batch<Item, Result>, since: number, earlier: Promise<void>): Promise<void> {
    const sent = performance.now();
    this.inFlight += 1;
    this.alone = this.goesAlone(batch.items[0] as Item);
    try {
      const { items, deadline } = batch;
      batch.settle(await this.write(items, { earlier, deadline, waiterOf: (index) => batch.waiterOf(index) }));
    } catch (thrown) {
      batch.fail(toPostaError(thrown));
    }
    this.metrics.add(batch.size, since, sent);
    this.inFlight -= 1;
    this.alone = false;
    this.sendAll();
    await earlier;
  }
}
