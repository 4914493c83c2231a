import { acceptedItems, mergeResults } from "../../batching/checked-items.js";
import { InFlightLimit } from "../../batching/in-flight-limit.js";
import type { Waiter } from "../../batching/waiter.js";
import { PostaError, toPostaError } from "../../errors/posta-error.js";
import { hourMs } from "../time/range.js";
import type { EventBuffer } from "./buffer.js";
import { type EventLimits, EventParser, type EventRequest, type EventSpec } from "./event.js";
import type { EventBatcher } from "./event-batcher.js";
import type { EventOutcome } from "./event-store.js";

export interface TrackLimits extends EventLimits {
  analyticsMaxPending: number;
}

/** What became of an event. */
export type TrackResult = "stored" | "duplicate" | "accepted" | PostaError;

/** An event, or why the message that brought it has none; whether its caller may record it is asked of each. */
export type Incoming = EventRequest | PostaError;

/** Whose events they are. */
export interface TrackCaller extends Waiter {
  /** Throws forbidden. */
  requireEvent(name: string): void;
}

/** Records events: checks them, and hands them to the batcher, or to the buffer if their caller does not wait. */
export class Tracker {
  private readonly parser: EventParser;
  private readonly inFlight: InFlightLimit;

  constructor(
    private readonly batcher: EventBatcher,
    private readonly buffer: EventBuffer,
    limits: TrackLimits,
    /** Throws unavailable if the store is known to be down. */
    private readonly requireStore: () => void,
  ) {
    this.parser = new EventParser(limits);
    const full = "too many events are on their way to the store; nothing was counted";
    this.inFlight = new InFlightLimit({ items: limits.analyticsMaxPending, full });
  }

  /** Writes events in order; answers a result for each. Throws exhausted, and counts none, if too many are under way. */
  async store(events: Incoming[], caller: TrackCaller, pathOf = eventPath): Promise<TrackResult[]> {
    this.requireStore();
    this.inFlight.enter(events.length);
    try {
      const now = Date.now();
      const checked = events.map((incoming) => this.parse(incoming, caller, now));
      const results = mergeResults(checked, await this.batcher.push(acceptedItems(checked), caller));
      return results.map((result, index) => toResult(result, index, pathOf));
    } finally {
      this.inFlight.leave(events.length);
    }
  }

  /** The same for a stream, which waits for room rather than be refused. Who waited longest goes first. */
  storeInTurn(events: Incoming[], caller: TrackCaller): Promise<TrackResult[]> {
    return this.inFlight.inTurn(() => this.store(events, caller));
  }

  /** Keeps events to be written soon; answers a result for each at once. */
  accept(events: Incoming[], caller: TrackCaller, pathOf = eventPath): TrackResult[] {
    const now = Date.now();
    return events.map((incoming, index) => {
      const event = this.parse(incoming, caller, now);
      if (event instanceof PostaError) return event.within(pathOf(index));
      return this.buffer.add(event);
    });
  }

  /** Resolves when every event that was taken has been written, or could not be. */
  async drain(): Promise<void> {
    await this.buffer.close();
    await this.inFlight.untilEmpty();
  }

  private parse(incoming: Incoming, caller: TrackCaller, now: number): EventSpec | PostaError {
    if (incoming instanceof PostaError) return incoming;
    try {
      const event = this.parser.parse(incoming, now);
      caller.requireEvent(event.name);
      return event;
    } catch (error) {
      return toPostaError(error);
    }
  }
}

function toResult(result: EventOutcome | PostaError, index: number, pathOf: (index: number) => string): TrackResult {
  if (result === "too-many-names") return tooManyNames().within(pathOf(index));
  return result instanceof PostaError ? result.within(pathOf(index)) : result;
}

function tooManyNames(): PostaError {
  return new PostaError("exhausted", "name: the hour has as many names as it may have; nothing was counted", {
    field: "name",
    retryAfterMs: hourMs - (Date.now() % hourMs), // The next one has room.
  });
}

function eventPath(index: number): string {
  return `events[${index}]`;
}
