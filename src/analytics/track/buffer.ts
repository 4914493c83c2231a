import { setTimeout as sleep } from "node:timers/promises";
import { patientWaiter } from "../../batching/waiter.js";
import { PostaError } from "../../errors/posta-error.js";
import type { EventSpec } from "./event.js";
import type { EventBatcher } from "./event-batcher.js";
import type { EventOutcome } from "./event-store.js";

/** The guide's batching: a flush after this many events, or this long after the first event. */
const flushAt = 100;
const flushAfterMs = 1000;
/** How long the buffer waits after the store could not take events. */
const retryAfterMs = 500;

/** What became of events after they were accepted, for metrics. */
export interface BufferCounts {
  /** Events that could not be written: for example, they became too old, or were under way when the store was lost. */
  lost: number;
}

/** An event that was flushed. */
interface Held {
  event: EventSpec;
  /** Since when the store may have counted the event, by performance.now(). */
  unknownSince?: number;
}

/**
 * Keeps events whose callers do not wait, and writes them in batches. During an outage of the store the buffer keeps
 * events until it is full. Events that are not written yet are lost if the process dies.
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

  /** The number of events that are not settled yet. */
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

  /** Writes all events; resolves when they are settled. Events that the store does not take now are lost. */
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

  /** Writes events until each is settled. Events that the store cannot take now are written again, all together. */
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

  /** If the store may have counted the event, only an id that the store still remembers prevents a second count. */
  private mayRetry({ event, unknownSince }: Held, { code }: PostaError): boolean {
    if (this.closing || (code !== "unavailable" && code !== "exhausted")) return false;
    return unknownSince === undefined || (event.id !== "" && performance.now() - unknownSince < this.idWindowMs / 2);
  }
}
