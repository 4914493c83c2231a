import { Counter, type Registry } from "prom-client";
import { PostaError } from "../errors.js";
import type { EventRequest } from "./event.js";
import type { TrackCaller, Tracker } from "./track.js";

/** Posta itself may record any event, and does not wait for it. */
const posta: TrackCaller = { cancelled: false, deadline: Number.POSITIVE_INFINITY, requireEvent: () => {} };

/** Records events of Posta's own. What cannot be taken is lost, and counted: the work that they tell of goes on. */
export function ownEventsRecorder(tracker: Tracker, metrics: Registry): (events: EventRequest[]) => void {
  const lost = new Counter({
    name: "posta_analytics_lost_own_events_total",
    help: "Events of Posta's own that were not taken, for want of room most likely.",
    registers: [metrics],
  });
  return (events) => {
    const refused = tracker.accept(events, posta).filter((result) => result instanceof PostaError);
    lost.inc(refused.length);
  };
}
