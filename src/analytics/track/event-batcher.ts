import { BatchMetrics } from "../../batching/batch-metrics.js";
import { toPostaError } from "../../errors/posta-error.js";
import { Batch, type Entry } from "./batch.js";
import type { EventSpec } from "./event.js";
import type { Written } from "./event-store.js";

/** Writes events of which the earliest deadline is given; throws if the store failed. */
export type WriteEvents = (events: readonly EventSpec[], deadline: number) => Promise<Written>;

const maxBatch = 1000;
/** Full batches need not wait for each other. */
const maxInFlight = 2;

/** What has been written, for metrics. */
export interface WindowCounts {
  batches: number;
  events: number;
  /** Of names that their hour had no room for. */
  refused: number;
  overflow: number;
}

/**
 * Group commit for events: while a batch is on its way, what arrives gathers into the next one. The more there is to do,
 * the more events fall into the same series and minute and become one increment.
 */
export class EventBatcher {
  readonly counts: WindowCounts = { batches: 0, events: 0, refused: 0, overflow: 0 };
  /** What the batches are like. */
  readonly figures = new BatchMetrics();
  private waiting: Entry[] = [];
  /** Since when the first of them has, as far as is known. */
  private waitingSince = 0;
  /** How many events wait, and how many of the first entry's are on their way already. */
  private waitingEvents = 0;
  private taken = 0;
  private inFlight = 0;
  private scheduled = false;

  constructor(private readonly write: WriteEvents) {}

  /** Takes an entry with at least one event. */
  push(entry: Entry): void {
    if (this.waitingEvents === 0) this.waitingSince = performance.now();
    this.waiting.push(entry);
    this.waitingEvents += entry.events.length;
    if (this.scheduled || !this.mayWrite()) return;
    this.scheduled = true;
    // After this turn's other calls, which came in by the same read of a socket.
    setImmediate(() => {
      this.scheduled = false;
      this.writeAll();
    });
  }

  private mayWrite(): boolean {
    if (this.inFlight === 0) return this.waitingEvents > 0;
    return this.inFlight < maxInFlight && this.waitingEvents >= maxBatch;
  }

  private writeAll(): void {
    while (this.mayWrite()) void this.writeNext(this.takeBatch());
  }

  /** The next events, up to the limit: what is left of a call goes into the batch that follows. */
  private takeBatch(): Batch {
    const batch = new Batch();
    let finished = 0;
    for (const entry of this.waiting) {
      const to = Math.min(entry.events.length, this.taken + maxBatch - batch.size);
      batch.add(entry, this.taken, to);
      this.taken = to;
      if (to < entry.events.length) break;
      this.taken = 0;
      finished += 1;
      if (batch.size === maxBatch) break;
    }
    this.waiting = finished === this.waiting.length ? [] : this.waiting.slice(finished);
    this.waitingEvents -= batch.size;
    return batch;
  }

  private async writeNext(taken: Batch): Promise<void> {
    const [since, sent] = [this.waitingSince, performance.now()];
    this.waitingSince = sent; // What is left came after those that go now.
    this.inFlight += 1;
    let batch = taken.withoutAbandoned(Date.now());
    try {
      while (batch.size > 0) batch = await this.attempt(batch);
    } catch (thrown) {
      batch.fail(toPostaError(thrown));
    }
    this.figures.add(taken.size, since, sent);
    this.inFlight -= 1;
    this.writeAll();
  }

  /** Answers what has to be written again, without that for whose sake nothing was done. */
  private async attempt(batch: Batch): Promise<Batch> {
    const { deadline } = batch;
    const written = await this.write(batch.events, deadline);
    if (written.kind === "late") return batch.withoutAbandoned(Math.max(written.now, deadline));
    if (written.kind === "closed") return batch.withoutClosed(written.firstOpenHour);
    this.counts.batches += 1;
    this.counts.events += batch.size - written.refused;
    this.counts.refused += written.refused;
    this.counts.overflow += written.overflow;
    batch.settle(written.outcomes);
    return new Batch();
  }
}
