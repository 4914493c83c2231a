import type { BatchContext } from "../../batching/group-commit.js";
import { isAbandoned } from "../../batching/waiter.js";
import { PostaError } from "../../errors/posta-error.js";
import type { EventSpec } from "./event.js";
import type { EventOutcome } from "./event-store.js";

/** The result of an event that its caller no longer waited for. */
export function abandonedError(): PostaError {
  return new PostaError("expired", "the deadline passed before the event was written; it was not counted");
}

/** The events of a batch that have no result yet. Parallel lists, so that no event needs an object of its own. */
export class OpenEvents {
  /** The results of all events of the batch, in order. */
  results: (EventOutcome | PostaError)[] = [];
  /** The earliest deadline of all callers who wait for an open event, in milliseconds since 1970. */
  deadline: number;
  /** The places of the open events in the batch; undefined: all events are open. */
  private places: number[] | undefined;

  constructor(
    public events: readonly EventSpec[],
    private readonly context: Pick<BatchContext, "deadline" | "waiterOf">,
  ) {
    this.deadline = context.deadline;
  }

  get size(): number {
    return this.events.length;
  }

  /** Sets the outcomes of all open events. */
  settle(outcomes: EventOutcome[]): void {
    if (!this.places) this.results = outcomes;
    else for (const [index, place] of this.places.entries()) this.results[place] = outcomes[index] as EventOutcome;
    this.events = [];
  }

  /** Sets the same error for all open events. */
  fail(error: PostaError): void {
    this.drop(() => true, error);
  }

  /** Drops the events that nobody waits for any more at `now`, in milliseconds since 1970. */
  dropAbandoned(now: number): void {
    this.drop((_, place) => isAbandoned(this.context.waiterOf(place), now), abandonedError());
  }

  /** Drops the events that can no longer be counted: their hour is before the first open hour. */
  dropClosed(firstOpenHour: number): void {
    const field = "time";
    const error = new PostaError("invalid", `${field}: its hour is closed; the counts of that hour are final`, {
      field,
    });
    this.drop(({ hour }) => hour < firstOpenHour, error);
  }

  private drop(isOut: (event: EventSpec, place: number) => boolean, error: PostaError): void {
    const [events, places]: [EventSpec[], number[]] = [[], []];
    this.deadline = Number.POSITIVE_INFINITY;
    for (const [index, event] of this.events.entries()) {
      const place = this.places?.[index] ?? index;
      if (isOut(event, place)) {
        this.results[place] = error;
      } else {
        events.push(event);
        places.push(place);
        this.deadline = Math.min(this.deadline, this.context.waiterOf(place).deadline);
      }
    }
    this.events = events;
    this.places = places;
  }
}
