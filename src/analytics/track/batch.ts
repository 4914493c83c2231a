import { PostaError } from "../../errors/posta-error.js";
import type { EventSpec } from "./event.js";
import type { EventOutcome } from "./event-store.js";

/** Whose events they are, as far as it matters for writing them. */
export interface Caller {
  /** Nobody waits for them any more. */
  readonly cancelled: boolean;
  /** When nobody will, in milliseconds since 1970. */
  readonly deadline: number;
}

/** The events of one call on their way to Redis: all that there is but once a call is here, not with each event. */
export interface Entry {
  readonly events: readonly EventSpec[];
  readonly caller: Caller;
  /** Told of each event once, by its place among the events. */
  settle(place: number, result: EventOutcome | PostaError): void;
}

/** Events of several calls that are written together. Lists side by side, so that no event needs an object of its own. */
export class Batch {
  readonly events: EventSpec[] = [];
  /** Of each event: whose it is, and its place there. */
  private readonly owners: Entry[] = [];
  private readonly places: number[] = [];
  /** The earliest of all, in milliseconds since 1970. */
  deadline = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.events.length;
  }

  /** Adds an entry's events from one place up to another. */
  add(entry: Entry, from: number, to: number): void {
    if (entry.caller.deadline < this.deadline) this.deadline = entry.caller.deadline;
    for (let place = from; place < to; place += 1) {
      this.events.push(entry.events[place] as EventSpec);
      this.owners.push(entry);
      this.places.push(place);
    }
  }

  settle(outcomes: EventOutcome[]): void {
    for (const [index, owner] of this.owners.entries()) {
      owner.settle(this.places[index] as number, outcomes[index] as EventOutcome);
    }
  }

  fail(error: PostaError): void {
    for (const [index, owner] of this.owners.entries()) owner.settle(this.places[index] as number, error);
  }

  /** What somebody still waits for; the rest is told that it came too late. */
  withoutAbandoned(now: number): Batch {
    const isAbandoned = ({ caller }: Entry) => caller.cancelled || caller.deadline <= now;
    // Callers have many events, and most batches nobody who left.
    let [last, abandoned]: [Entry | undefined, boolean] = [undefined, false];
    const gone = this.owners.map((owner) => {
      if (owner !== last) [last, abandoned] = [owner, isAbandoned(owner)];
      return abandoned;
    });
    if (!gone.includes(true)) return this;
    const problem = "the deadline passed before the event was written; it was not counted";
    return this.without((index) => gone[index] === true, new PostaError("expired", problem));
  }

  /** What may still be counted; the rest is told that its hour is closed. */
  withoutClosed(firstOpenHour: number): Batch {
    const field = "time";
    const error = new PostaError("invalid", `${field}: its hour is closed, and counted for good`, { field });
    return this.without((index) => (this.events[index] as EventSpec).hour < firstOpenHour, error);
  }

  private without(isOut: (index: number) => boolean, error: PostaError): Batch {
    const rest = new Batch();
    for (const [index, owner] of this.owners.entries()) {
      const place = this.places[index] as number;
      if (isOut(index)) owner.settle(place, error);
      else rest.add(owner, place, place + 1);
    }
    return rest;
  }
}
