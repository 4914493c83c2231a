import { PostaError, toPostaError } from "../../errors/posta-error.js";
import type { Event, Event__Output as EventMessage } from "../../gen/posta/analytics/v1/Event.js";
import type { TrackResult as TrackResultMessage } from "../../gen/posta/analytics/v1/TrackResult.js";
import { toTimeMs, toTimestamp } from "../../rpc/contract/times.js";
import type { ToItem } from "../../rpc/status.js";
import type { EventRequest } from "../track/event.js";
import type { Incoming, TrackResult } from "../track/track.js";

/** An event of a request, in the domain's form; an error for a mistake that only the message can have. */
export function toEventOrError({ name, time, id, subject, value, dimensions }: EventMessage): Incoming {
  try {
    return { name, timeMs: toTimeMs(time, "time"), id, subject, value, dimensions };
  } catch (error) {
    return toPostaError(error);
  }
}

/** An event as a list of the last events shows it. */
export function toEventMessage({ name, timeMs, id, subject, value, dimensions }: EventRequest): Event {
  return { name, time: toTimestamp(timeMs), id, subject, dimensions, ...(value === undefined ? {} : { value }) };
}

const outcomes = { stored: "OUTCOME_STORED", duplicate: "OUTCOME_DUPLICATE", accepted: "OUTCOME_ACCEPTED" } as const;

/** The outcome of an event that did not fail. */
export function toOutcome(result: keyof typeof outcomes) {
  return outcomes[result];
}

/** One result among several. All results of an answer share one `toItem`. */
export function toResultMessage(result: TrackResult, toItem: ToItem): TrackResultMessage {
  if (result instanceof PostaError) return { outcome: "OUTCOME_UNSPECIFIED", error: toItem(result) };
  return { outcome: outcomes[result], error: null };
}
