import { duration, integer, renamed, text } from "./kinds.js";

/** Which events count, and how long Posta keeps them. */
export const analyticsSettings = {
  analyticsPrefix: text(
    "POSTA_ANALYTICS_PREFIX",
    "analytics",
    "Prefix of the analytics' keys. A Redis Cluster needs a hash tag, such as {analytics}.",
  ),
  analyticsMaxAgeMs: duration(
    "POSTA_ANALYTICS_MAX_AGE",
    "1h",
    60_000,
    "Greatest age of an event. Set the same value in all processes: Posta closes an hour when no event of that hour can arrive any more.",
  ),
  analyticsMaxLeadMs: duration(
    "POSTA_ANALYTICS_MAX_LEAD",
    "5m",
    0,
    "How far an event's time may be ahead of the server's clock.",
  ),
  analyticsIdWindowMs: duration(
    "POSTA_ANALYTICS_ID_WINDOW",
    "10m",
    1000,
    "How long Posta remembers an event's id and refuses duplicates.",
  ),
  analyticsHotMs: duration(
    "POSTA_ANALYTICS_HOT",
    "48h",
    6 * 3_600_000,
    "How long Redis keeps an hour's counts after the hour ends. Counts that are not in PostgreSQL by then are lost. At least 4 h more than POSTA_ANALYTICS_MAX_AGE.",
    31 * 24 * 3_600_000,
  ),
  analyticsMonths: integer(
    "POSTA_ANALYTICS_MONTHS",
    120,
    2,
    1200,
    "Months of the analytics' history to keep, the current month included. A question may span 120 months.",
  ),
  analyticsMaxSeries: integer(
    "POSTA_ANALYTICS_MAX_SERIES",
    1000,
    10,
    100_000,
    'Series that one event name may have in an hour. Events beyond that count under the value "other".',
  ),
  analyticsMaxNames: integer(
    "POSTA_ANALYTICS_MAX_NAMES",
    1000,
    1,
    100_000,
    "Event names in an hour. An event with a further name is refused until the next hour.",
  ),
  analyticsRecent: renamed(
    integer("POSTA_ANALYTICS_MAX_RECENT", 1000, 1, 10_000, "Recent events that Posta keeps for each name."),
    "POSTA_ANALYTICS_RECENT",
  ),
  analyticsBuffer: renamed(
    integer(
      "POSTA_ANALYTICS_MAX_BUFFERED",
      10_000,
      100,
      1_000_000,
      "ACCEPTED events that one server buffers while the analytics' Redis cannot take them.",
    ),
    "POSTA_ANALYTICS_BUFFER",
  ),
  analyticsMaxPending: integer(
    "POSTA_ANALYTICS_MAX_PENDING",
    50_000,
    1,
    10_000_000,
    "Unanswered events of one server. Over this: RESOURCE_EXHAUSTED.",
  ),
};
