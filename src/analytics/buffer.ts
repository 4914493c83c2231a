import { setTimeout as sleep } from "node:timers/promises";
import { PostaError } from "../errors.js";
import type { EventSpec } from "./event.js";
import type { EventOutcome } from "./event-store.js";
import type { Caller, Entry, Window } from "./window.js";

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
    private readonly window: Window,
    private readonly limit: number,
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
    for (const event of events) this.write(event);
  }

  private write(event: EventSpec): void {
    const settle = (result: EventOutcome | PostaError) => void this.settle(event, result);
    const entry: Entry = { event, caller: nobody, settle };
    this.window.push(entry);
  }

  private async settle(event: EventSpec, result: EventOutcome | PostaError): Promise<void> {
    if (result instanceof PostaError && this.mayRetry(event, result)) {
      await sleep(retryAfterMs, undefined, { ref: false });
      if (!this.closing) {
        this.write(event);
        return;
      }
    }
    if (result instanceof PostaError || result === "too-many-names") this.counts.lost += 1;
    this.unsettled -= 1;
    if (this.unsettled === 0) this.empty?.();
  }

  /** Where the store may have counted it, only an id keeps it from counting twice. */
  private mayRetry({ id }: EventSpec, { code, isUnknown }: PostaError): boolean {
    return code === "unavailable" && !this.closing && (!isUnknown || id !== "");
  }
}
