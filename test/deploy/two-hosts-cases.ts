import { counter, minutes, onOtherHost, type SeriesMap, series } from "./series.js";

/** What two hosts on the same stores tell, and how many alerts fire. */
interface TwoHostsCase {
  name: string;
  what: string;
  series: SeriesMap;
  /** Undefined: none. */
  firing: number | undefined;
}

const emails = { queue: "emails" };
const growing = `0+60x${minutes}`;
const onBoth = (map: SeriesMap): SeriesMap => ({ ...map, ...onOtherHost(map) });
const overdue = series("posta_queue_oldest_due_age_seconds", emails, growing);
const unworked = series("posta_queue_unworked_seconds", emails, growing);

export const twoHostsCases: TwoHostsCase[] = [
  {
    name: "PostaOldestDueJob",
    what: "once for a queue that both read",
    series: onBoth(overdue),
    firing: 1,
  },
  {
    name: "PostaNoWorker",
    what: "once for a queue that both read",
    series: onBoth({ ...overdue, ...unworked }),
    firing: 1,
  },
  {
    name: "PostaOldestDueJob",
    what: "not for a queue that nobody works on, which another alert tells",
    series: onBoth({ ...overdue, ...unworked }),
    firing: undefined,
  },
  {
    name: "PostaOutboxNotDraining",
    what: "not where the host that does not lead sends",
    series: {
      ...series("posta_outbox_oldest_due_seconds", {}, 300),
      ...onOtherHost(counter("posta_message_outcomes_total", { status: "accepted", code: "" }, 4800)),
    },
    firing: undefined,
  },
];
