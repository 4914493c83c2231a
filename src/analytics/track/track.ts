import { InFlightLimit } from "../../batching/in-flight-limit.js";
import { PendingCall } from "../../batching/pending-call.js";
import { PostaError, toPostaError } from "../../errors/posta-error.js";
import { hourMs } from "../time/range.js";
import type { Caller, Entry } from "./batch.js";
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
export interface TrackCaller extends Caller {
  /** Throws forbidden. */
  requireEvent(name: string): void;
}

/** Records events: checks them, and hands them to the window, or to the buffer if their caller does not wait. */
export class Tracker {
  private readonly parser: EventParser;
  private readonly room: InFlightLimit;

  constructor(
    private readonly window: EventBatcher,
    private readonly buffer: EventBuffer,
    limits: TrackLimits,
    /** Throws unavailable if the store is known to be down. */
    private readonly requireStore: () => void,
  ) {
    this.parser = new EventParser(limits);
    const full = "too many events are on their way to the store; nothing was counted";
    this.room = new InFlightLimit({ items: limits.analyticsMaxPending, full });
  }

  /** Writes events in order; answers a result for each. Throws exhausted, and counts none, if too many are under way. */
  store(events: Incoming[], caller: TrackCaller, pathOf = eventPath): Promise<TrackResult[]> {
    return new Promise((resolve) => {
      this.requireStore();
      this.room.enter(events.length);
      const call = new PendingCall<TrackResult>(events.length, (results) => {
        this.room.leave(call.size);
        resolve(results);
      });
      const entry = new PendingEvents(caller, call, pathOf);
      const now = Date.now();
      for (const [index, incoming] of events.entries()) {
        const event = this.parse(incoming, caller, now);
        if (event instanceof PostaError) call.settle(index, event.within(pathOf(index)));
        else entry.add(event, index);
      }
      if (entry.events.length > 0) this.window.push(entry);
    });
  }

  /** The same for a stream, which waits for room rather than be refused. Who waited longest goes first. */
  storeInTurn(events: Incoming[], caller: TrackCaller): Promise<TrackResult[]> {
    return new Promise((resolve) => this.room.queueUp(() => resolve(this.store(events, caller))));
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
    await this.room.untilEmpty();
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

/** The events of a call that are on their way. */
class PendingEvents implements Entry {
  readonly events: EventSpec[] = [];
  /** Where each of them stands in the call. */
  private readonly indexes: number[] = [];

  constructor(
    readonly caller: Caller,
    private readonly call: PendingCall<TrackResult>,
    private readonly pathOf: (index: number) => string,
  ) {}

  add(event: EventSpec, index: number): void {
    this.events.push(event);
    this.indexes.push(index);
  }

  settle(place: number, outcome: EventOutcome | PostaError): void {
    const index = this.indexes[place] as number;
    const result = toResult(outcome);
    this.call.settle(index, result instanceof PostaError ? result.within(this.pathOf(index)) : result);
  }
}

function toResult(result: EventOutcome | PostaError): TrackResult {
  if (result !== "too-many-names") return result;
  return new PostaError("exhausted", "name: the hour has as many names as it may have; nothing was counted", {
    field: "name",
    retryAfterMs: hourMs - (Date.now() % hourMs), // The next one has room.
  });
}

function eventPath(index: number): string {
  return `events[${index}]`;
}
