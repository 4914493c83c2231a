import { invalid, PostaError, toPostaError } from "../../errors/posta-error.js";
import type { Acknowledgement__Output as Acknowledgement } from "../../gen/posta/analytics/v1/Acknowledgement.js";
import type { Event__Output as EventMessage } from "../../gen/posta/analytics/v1/Event.js";
import type { StreamEventsRequest__Output as StreamRequest } from "../../gen/posta/analytics/v1/StreamEventsRequest.js";
import type { StreamEventsResponse } from "../../gen/posta/analytics/v1/StreamEventsResponse.js";
import type { TrackEventRequest__Output as TrackEventRequest } from "../../gen/posta/analytics/v1/TrackEventRequest.js";
import type { TrackEventResponse } from "../../gen/posta/analytics/v1/TrackEventResponse.js";
import type { TrackEventsRequest__Output as TrackEventsRequest } from "../../gen/posta/analytics/v1/TrackEventsRequest.js";
import type { TrackEventsResponse } from "../../gen/posta/analytics/v1/TrackEventsResponse.js";
import type { Adapter, CallContext } from "../../rpc/method.js";
import type { StatusMap } from "../../rpc/status.js";
import { AckStream } from "../../rpc/stream/ack-stream.js";
import type { Weight } from "../../rpc/stream/open-weight.js";
import type { TrackCaller, Tracker, TrackResult } from "../track/track.js";
import { toEventOrError, toOutcome, toResultMessage } from "./convert-event.js";

const maxEvents = 10_000;

/** The part of AnalyticsService that writes: TrackEvent, TrackEvents, StreamEvents. */
export function trackHandlers<Handler>(adapter: Adapter<Handler>, tracker: Tracker, statuses: StatusMap) {
  async function trackEvent(request: TrackEventRequest, context: CallContext): Promise<TrackEventResponse> {
    const { event, acknowledgement } = request;
    if (!event) throw invalid("event", "is required");
    const events = [toEventOrError(event)];
    const caller = toCaller(context);
    const pathOf = () => "event";
    const [result] = isAccepted(acknowledgement)
      ? tracker.accept(events, caller, pathOf)
      : await tracker.store(events, caller, pathOf);
    if (result instanceof PostaError) throw result;
    return { outcome: toOutcome(result as Exclude<TrackResult, PostaError>) };
  }

  async function trackEvents(request: TrackEventsRequest, context: CallContext): Promise<TrackEventsResponse> {
    requireEvents(request.events);
    const events = request.events.map(toEventOrError);
    const caller = toCaller(context);
    const results = isAccepted(request.acknowledgement)
      ? tracker.accept(events, caller)
      : await tracker.store(events, caller);
    return { results: toResults(results) };
  }

  /** Tracks one message of a stream. An error of the whole message becomes the result of each of its events. */
  async function trackMessage({ sequence, events, acknowledgement }: StreamRequest, caller: TrackCaller) {
    let results: TrackResult[];
    try {
      const incoming = events.map(toEventOrError);
      results = isAccepted(acknowledgement)
        ? tracker.accept(incoming, caller)
        : await tracker.storeInTurn(incoming, caller);
    } catch (error) {
      const failure = toPostaError(error);
      results = events.map(() => failure);
    }
    return { sequence, results: toResults(results) };
  }

  function toResults(results: TrackResult[]) {
    const toItem = statuses.forItems();
    return results.map((result) => toResultMessage(result, toItem));
  }

  return {
    TrackEvent: adapter.unary(trackEvent),
    TrackEvents: adapter.unary(trackEvents),
    StreamEvents: adapter.bidi<StreamRequest, StreamEventsResponse>((stream, context, closing) => {
      const caller = toCaller(context);
      return new AckStream(stream, { weigh, handle: (message) => trackMessage(message, caller) }, closing).run();
    }),
  };
}

function toCaller(context: CallContext): TrackCaller {
  return {
    get cancelled() {
      return context.cancelled;
    },
    deadline: context.deadline,
    requireEvent: (name) => context.principal.require("event", name),
  };
}

function isAccepted(acknowledgement: Acknowledgement): boolean {
  const unknown = acknowledgement === undefined || !/^ACKNOWLEDGEMENT_/.test(String(acknowledgement));
  if (unknown) throw invalid("acknowledgement", `${acknowledgement} is neither STORED nor ACCEPTED`);
  return acknowledgement === "ACKNOWLEDGEMENT_ACCEPTED";
}

function weigh({ events }: StreamRequest): Weight {
  requireEvents(events);
  return { items: events.length, bytes: events.reduce((bytes, event) => bytes + bytesOf(event), 0) };
}

/** The bytes of an event's texts. */
function bytesOf({ name, id, subject, dimensions }: EventMessage): number {
  let bytes = Buffer.byteLength(name) + Buffer.byteLength(id) + Buffer.byteLength(subject);
  for (const key in dimensions) bytes += Buffer.byteLength(key) + Buffer.byteLength(dimensions[key] ?? "");
  return bytes;
}

function requireEvents(events: EventMessage[]): void {
  if (events.length === 0) throw invalid("events", "is required");
  if (events.length > maxEvents) throw invalid("events", `${events.length} items is over ${maxEvents}`);
}
