import { setTimeout as sleep } from "node:timers/promises";
import { patientWaiter } from "../../batching/waiter.js";
import { PostaError } from "../../errors/posta-error.js";
import type { EventSpec } from "./event.js";
import type { EventBatcher } from "./event-batcher.js";
import type { EventOutcome } from "./event-store.js";

/** The guide's batching: so many events, or so long after the first. */
const flushAt = 100;
const flushAfterMs = 1000;
/** How long it waits after a store that could not take them. */
const retryAfterMs = 500;

/** What became of events after they were accepted, for metrics. */
export interface BufferCounts {
  /** They could not be written any more: too old by then, or lost on the way with the store. */
  lost: number;
}

/** An event that was flushed. */
interface Held {
  event: EventSpec;
  /** Since when the store may have counted it, by performance.now(). */
  unknownSince?: number;
}

/**
 * Events whose callers do not wait: kept in memory, written in batches, and kept on through an outage of the store until
 * there is no room. What the process has not written dies with it.
 */
export class EventBuffer {
  readonly counts: BufferCounts = { lost: 0 };
  private events: EventSpec[] = [];
  private unsettled = 0;
  private timer: NodeJS.Timeout | undefined;
  private closing = false;
  private empty: (() => void) | undefined;

  constructor(
    private readonly batcher: EventBatcher,
    private readonly limit: number,
    /** How long the store remembers an id, in milliseconds. */
    private readonly idWindowMs: number,
  ) {}

  /** How many events it holds. */
  get size(): number {
    return this.events.length + this.unsettled;
  }

  add(event: EventSpec): "accepted" | PostaError {
    if (this.size >= this.limit) {
      const problem = `the buffer holds ${this.size} events that the store has not taken; nothing was counted`;
      return new PostaError("exhausted", problem, { retryAfterMs });
    }
    this.events.push(event);
    if (this.events.length >= flushAt) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), flushAfterMs);
    return "accepted";
  }

  /** Writes what it holds; resolves when that is settled. What the store does not take then is lost. */
  async close(): Promise<void> {
    this.closing = true;
    this.flush();
    if (this.unsettled === 0) return;
    await new Promise<void>((resolve) => {
      this.empty = resolve;
    });
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { events } = this;
    this.events = [];
    this.unsettled += events.length;
    if (events.length > 0) void this.write(events.map((event) => ({ event })));
  }

  /** Writes events until each is settled: what the store cannot take now is written again, all of it together. */
  private async write(held: Held[]): Promise<void> {
    for (let open = held; open.length > 0; ) {
      const events = open.map(({ event }) => event);
      const results = await this.batcher.push(events, patientWaiter); // Nobody waits, so nothing comes too late.
      open = open.filter((one, place) => !this.settle(one, results[place] as EventOutcome | PostaError));
      if (open.length > 0) await sleep(retryAfterMs, undefined, { ref: false });
    }
  }

  /** False: the event has to be written again. */
  private settle(held: Held, result: EventOutcome | PostaError): boolean {
    if (result instanceof PostaError && result.isUnknown) held.unknownSince ??= performance.now();
    if (result instanceof PostaError && this.mayRetry(held, result)) return false;
    this.forget(1, result instanceof PostaError || result === "too-many-names");
    return true;
  }

  private forget(count: number, isLost: boolean): void {
    if (isLost) this.counts.lost += count;
    this.unsettled -= count;
    if (this.unsettled === 0) this.empty?.();
  }

  /** Where the store may have counted it, only an id that it still remembers keeps it from counting twice. */
  private mayRetry({ event, unknownSince }: Held, { code }: PostaError): boolean {
    if (this.closing || (code !== "unavailable" && code !== "exhausted")) return false;
    return unknownSince === undefined || (event.id !== "" && performance.now() - unknownSince < this.idWindowMs / 2);
  }
}
