import { duration, integer, text } from "./kinds.js";

/** Which events count, and how long they are kept. */
export const analyticsSettings = {
  analyticsPrefix: text(
    "POSTA_ANALYTICS_PREFIX",
    "analytics",
    "What the analytics' keys begin with. On a Redis Cluster it needs a {hash tag}.",
  ),
  analyticsMaxAgeMs: duration(
    "POSTA_ANALYTICS_MAX_AGE",
    "1h",
    60_000,
    "How old an event may be. The same in all processes: an hour is closed when no event of it can come any more.",
  ),
  analyticsMaxLeadMs: duration(
    "POSTA_ANALYTICS_MAX_LEAD",
    "5m",
    0,
    "How far ahead of the server an event's time may be.",
  ),
  analyticsIdWindowMs: duration("POSTA_ANALYTICS_ID_WINDOW", "10m", 1000, "How long an event's id is remembered."),
  analyticsHotMs: duration(
    "POSTA_ANALYTICS_HOT",
    "48h",
    6 * 3_600_000,
    "How long Redis keeps an hour after its end. What is not in PostgreSQL by then is lost.",
    31 * 24 * 3_600_000,
  ),
  analyticsMonths: integer(
    "POSTA_ANALYTICS_MONTHS",
    120,
    2,
    1200,
    "Months that the analytics' history is kept, this one among them. The longest question is about 120.",
  ),
  analyticsMaxSeries: integer(
    "POSTA_ANALYTICS_MAX_SERIES",
    1000,
    10,
    100_000,
    'Series that an event name may have in an hour; what is over that counts under the value "other".',
  ),
  analyticsMaxNames: integer("POSTA_ANALYTICS_MAX_NAMES", 1000, 1, 100_000, "Event names that an hour may have."),
  analyticsRecent: integer("POSTA_ANALYTICS_RECENT", 1000, 1, 10_000, "Last events that are kept of a name."),
  analyticsBuffer: integer(
    "POSTA_ANALYTICS_BUFFER",
    10_000,
    100,
    1_000_000,
    "ACCEPTED events that one server keeps while they cannot be written.",
  ),
  analyticsMaxPending: integer(
    "POSTA_ANALYTICS_MAX_PENDING",
    50_000,
    1,
    10_000_000,
    "Unanswered events of one server; over it, RESOURCE_EXHAUSTED.",
  ),
};
