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

/** An event, or the error of a message that has no event. Whether the caller may record each event is checked later. */
export type Incoming = EventRequest | PostaError;

/** The caller that the events come from. */
export interface TrackCaller extends Waiter {
  /** Throws forbidden if the caller may not record events of this name. */
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

  /** Writes events in order; returns a result for each. If too many are under way: counts none, throws exhausted. */
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

  /** Like {@link store}, for a stream: it waits instead of being refused. The longest waiting call goes first. */
  storeInTurn(events: Incoming[], caller: TrackCaller): Promise<TrackResult[]> {
    return this.inFlight.inTurn(() => this.store(events, caller));
  }

  /** Keeps events to be written soon, and returns a result for each at once. */
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
    retryAfterMs: hourMs - (Date.now() % hourMs), // The next hour takes new names.
  });
}

function eventPath(index: number): string {
  return `events[${index}]`;
}
