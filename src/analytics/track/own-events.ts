import { Counter, type Registry } from "prom-client";
import { patientWaiter } from "../../batching/waiter.js";
import { PostaError } from "../../errors/posta-error.js";
import type { EventLimits, EventRequest } from "./event.js";
import type { TrackCaller, Tracker } from "./track.js";

/** Posta itself may record any event, and does not wait for it. */
const posta: TrackCaller = { ...patientWaiter, requireEvent: () => {} };

/** An event that is just in time may be written this much later, in milliseconds. */
const marginMs = 60_000;

/**
 * Records events of Posta's own. An event that comes too late to count in its hour counts now. An event that cannot be
 * taken is lost, and counted as lost: the work that the event is about goes on.
 */
export function ownEventsPublisher(tracker: Tracker, limits: EventLimits, metrics: Registry) {
  const lost = new Counter({
    name: "posta_analytics_lost_own_events_total",
    help: "Events of Posta's own that were not taken, for want of room most likely.",
    registers: [metrics],
  });
  return (events: EventRequest[]): void => {
    const now = Date.now();
    const timely = events.map((event) => (isTimely(event, now, limits) ? event : { ...event, timeMs: now }));
    const refused = tracker.accept(timely, posta).filter((result) => result instanceof PostaError);
    lost.inc(refused.length);
  };
}

function isTimely({ timeMs = Number.NaN }: EventRequest, now: number, limits: EventLimits): boolean {
  const { analyticsMaxAgeMs, analyticsMaxLeadMs } = limits;
  return timeMs > now - analyticsMaxAgeMs + marginMs && timeMs <= now + analyticsMaxLeadMs;
}
