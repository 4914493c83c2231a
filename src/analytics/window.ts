import { PostaError, toPostaError } from "../errors.js";
import type { EventSpec } from "./event.js";
import type { EventOutcome, Written } from "./event-store.js";

/** Whose event it is, as far as it matters for writing it. */
export interface Caller {
  /** Nobody waits for it any more. */
  readonly cancelled: boolean;
  /** When nobody will, in milliseconds since 1970. */
  readonly deadline: number;
}

/** An event on its way to Redis. */
export interface Entry {
  readonly event: EventSpec;
  readonly caller: Caller;
  settle(result: EventOutcome | PostaError): void;
}

/** Writes events of which the earliest deadline is given; throws if the store failed. */
export type WriteEvents = (events: EventSpec[], deadline: number) => Promise<Written>;

const maxBatch = 1000;
/** Full batches need not wait for each other. */
const maxInFlight = 2;

/** What has been written, for metrics. */
export interface WindowCounts {
  batches: number;
  events: number;
  overflow: number;
}

/**
 * Group commit for events: while a batch is on its way, what arrives gathers into the next one. The more there is to do,
 * the more events fall into the same series and minute and become one increment.
 */
export class Window {
  readonly counts: WindowCounts = { batches: 0, events: 0, overflow: 0 };
  private waiting: Entry[] = [];
  private inFlight = 0;
  private scheduled = false;

  constructor(private readonly write: WriteEvents) {}

  push(entry: Entry): void {
    this.waiting.push(entry);
    if (this.scheduled || !this.mayWrite()) return;
    this.scheduled = true;
    // After this turn's other calls, which came in by the same read of a socket.
    setImmediate(() => {
      this.scheduled = false;
      this.writeAll();
    });
  }

  private mayWrite(): boolean {
    if (this.inFlight === 0) return this.waiting.length > 0;
    return this.inFlight < maxInFlight && this.waiting.length >= maxBatch;
  }

  private writeAll(): void {
    while (this.mayWrite()) void this.writeNext(this.waiting.splice(0, maxBatch));
  }

  private async writeNext(batch: Entry[]): Promise<void> {
    this.inFlight += 1;
    let entries = withoutAbandoned(batch, Date.now());
    try {
      while (entries.length > 0) entries = await this.attempt(entries);
    } catch (thrown) {
      const error = toPostaError(thrown);
      for (const entry of entries) entry.settle(error);
    }
    this.inFlight -= 1;
    this.writeAll();
  }

  /** Answers those that have to be written again, without those for whose sake nothing was done. */
  private async attempt(entries: Entry[]): Promise<Entry[]> {
    const deadline = entries.reduce((earliest, { caller }) => Math.min(earliest, caller.deadline), Infinity);
    const written = await this.write(
      entries.map(({ event }) => event),
      deadline,
    );
    if (written.kind === "late") return withoutAbandoned(entries, Math.max(written.now, deadline));
    if (written.kind === "closed") return withoutClosed(entries, written.firstOpenHour);
    this.counts.batches += 1;
    this.counts.events += entries.length;
    this.counts.overflow += written.overflow;
    for (const [index, entry] of entries.entries()) entry.settle(written.outcomes[index] as EventOutcome);
    return [];
  }
}

function withoutAbandoned(entries: Entry[], now: number): Entry[] {
  return entries.filter((entry) => {
    const { cancelled, deadline } = entry.caller;
    if (!cancelled && deadline > now) return true;
    entry.settle(new PostaError("expired", "the deadline passed before the event was written; it was not counted"));
    return false;
  });
}

function withoutClosed(entries: Entry[], firstOpenHour: number): Entry[] {
  return entries.filter((entry) => {
    if (entry.event.hour >= firstOpenHour) return true;
    const field = "time";
    entry.settle(new PostaError("invalid", `${field}: its hour is closed, and counted for good`, { field }));
    return false;
  });
}
