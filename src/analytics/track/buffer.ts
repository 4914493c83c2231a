import { setTimeout as sleep } from "node:timers/promises";
import { PostaError } from "../../errors/posta-error.js";
import type { Caller } from "./batch.js";
import type { EventSpec } from "./event.js";
import type { EventBatcher } from "./event-batcher.js";
import type { EventOutcome } from "./event-store.js";

/** The guide's batching: so many events, or so long after the first. */
const flushAt = 100;
const flushAfterMs = 1000;
/** How long it waits after a store that could not take them. */
const retryAfterMs = 500;

/** Nobody waits, so nothing comes too late. */
const nobody: Caller = { cancelled: false, deadline: Number.POSITIVE_INFINITY };

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
    private readonly window: EventBatcher,
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
    if (events.length > 0) this.write(events.map((event) => ({ event })));
  }

  /** What the store cannot take now is written again, all of it together. */
  private write(held: Held[]): void {
    const again: Held[] = [];
    let open = held.length;
    const settle = (place: number, result: EventOutcome | PostaError) => {
      const one = held[place] as Held;
      if (result instanceof PostaError && result.isUnknown) one.unknownSince ??= performance.now();
      if (result instanceof PostaError && this.mayRetry(one, result)) again.push(one);
      else this.forget(1, result instanceof PostaError || result === "too-many-names");
      open -= 1;
      if (open === 0 && again.length > 0) void this.writeLater(again);
    };
    this.window.push({ events: held.map(({ event }) => event), caller: nobody, settle });
  }

  private async writeLater(held: Held[]): Promise<void> {
    await sleep(retryAfterMs, undefined, { ref: false });
    this.write(held);
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
