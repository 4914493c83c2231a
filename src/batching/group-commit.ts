import { toPostaError } from "../errors/posta-error.js";

export interface GroupCommitOptions {
  /** Items of one batch, at most. */
  maxBatch: number;
  /** Batches that may be on their way at a time; beyond the first only full ones are sent. */
  maxInFlight: number;
}

/** Writes a batch in order; answers a result for each item, or throws if the store failed. */
export type WriteBatch<Item, Result> = (items: readonly Item[]) => Promise<readonly Result[]>;

interface Pending<Item, Result> {
  item: Item;
  resolve(result: Result): void;
  reject(error: Error): void;
}

/**
 * Group commit: while a batch is on its way, what arrives gathers into the next one. So an idle process adds no delay, and
 * a busy one shares a round trip among many.
 */
export class GroupCommit<Item, Result> {
  private waiting: Pending<Item, Result>[] = [];
  private inFlight = 0;
  private scheduled = false;

  constructor(
    private readonly write: WriteBatch<Item, Result>,
    private readonly options: GroupCommitOptions,
  ) {}

  /** Rejects with what the write of its batch threw, as a PostaError. */
  push(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      if (this.scheduled || !this.mayWrite()) return;
      this.scheduled = true;
      // After this turn's other calls, which came in by the same read of a socket.
      setImmediate(() => {
        this.scheduled = false;
        this.writeAll();
      });
    });
  }

  private mayWrite(): boolean {
    if (this.inFlight === 0) return this.waiting.length > 0;
    return this.inFlight < this.options.maxInFlight && this.waiting.length >= this.options.maxBatch;
  }

  private writeAll(): void {
    while (this.mayWrite()) void this.writeNext(this.waiting.splice(0, this.options.maxBatch));
  }

  private async writeNext(batch: Pending<Item, Result>[]): Promise<void> {
    this.inFlight += 1;
    try {
      const results = await this.write(batch.map(({ item }) => item));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
    } catch (thrown) {
      const error = toPostaError(thrown);
      for (const { reject } of batch) reject(error);
    }
    this.inFlight -= 1;
    this.writeAll();
  }
}
