import { pack } from "msgpackr";
import { toStoreError } from "../../store/redis/errors.js";
import { defineScript, type Script } from "../../store/redis/scripts.js";
import type { RedisStore } from "../../store/redis/store.js";
import type { Keys } from "../hot/keys.js";
import type { EventSpec } from "./event.js";
import { mergeEvents } from "./merge.js";

/** What became of a batch's events, or why nothing was done. */
export type Written =
  | { kind: "done"; outcomes: EventOutcome[]; refused: number; overflow: number }
  /** A deadline had passed. `now` is the time by Redis' clock, converted to a time of this process. */
  | { kind: "late"; now: number }
  /** Hours before `firstOpenHour` may not be written any more. */
  | { kind: "closed"; firstOpenHour: number };

export type EventOutcome = "stored" | "duplicate" | "too-many-names";

export interface EventStoreLimits {
  analyticsHotMs: number;
  analyticsMaxNames: number;
  analyticsMaxSeries: number;
  analyticsRecent: number;
  analyticsIdWindowMs: number;
}

/** What track-events.lua returns. */
type Answer =
  | ["ok", refused: number[], duplicates: string, overflow: number]
  | ["late", now: number]
  | ["closed", firstOpenHour: number];

/** This many subjects of a name in an hour are kept one by one. A HyperLogLog takes 12 kB, as about 200 subjects do. */
const maxSubjects = 1000;
/** The deadline of events that nobody waits for. */
const never = 2 ** 53 - 1;

/** Writes batches of events into Redis, each batch by one script. */
export class EventStore {
  private readonly track: Script<Answer>;
  private readonly settings: number[];

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
    private readonly limits: EventStoreLimits,
  ) {
    this.track = defineScript(store.client, "analytics/track-events", 1);
    const { analyticsMaxNames, analyticsMaxSeries, analyticsRecent, analyticsIdWindowMs, analyticsHotMs } = limits;
    const keptFor = Math.ceil(analyticsHotMs / 1000);
    this.settings = [keptFor, analyticsMaxNames, analyticsMaxSeries, maxSubjects, analyticsRecent, analyticsIdWindowMs];
  }

  /** Throws unavailable if Redis is known to be down. */
  requireUsable(): void {
    this.store.requireUsable();
  }

  /** Writes events of which the earliest deadline is `deadline`, in ms since 1970. Throws if the store failed. */
  async write(events: readonly EventSpec[], deadline: number): Promise<Written> {
    this.store.requireUsable();
    const { groups, identified, groupOf } = mergeEvents(events, this.limits.analyticsRecent);
    const notAfter = deadline === Number.POSITIVE_INFINITY ? never : Math.ceil(this.store.clock.toRedisTime(deadline));
    const args = [`${this.keys.prefix}:`, notAfter, ...this.settings, pack([groups, identified])];
    const answer = await this.track([this.keys.closed], args).catch((error) => {
      throw toStoreError(error, "the analytics store");
    });
    if (answer[0] === "late") return { kind: "late", now: answer[1] - this.store.clock.toRedisTime(0) };
    if (answer[0] === "closed") return { kind: "closed", firstOpenHour: answer[1] };
    const [, refused, duplicates, overflow] = answer;
    const outcomes = toOutcomes(events, groupOf, refused, duplicates);
    const isRefused = (outcome: EventOutcome) => outcome === "too-many-names";
    return { kind: "done", outcomes, refused: refused.length && outcomes.filter(isRefused).length, overflow };
  }
}

function toOutcomes(
  events: readonly EventSpec[],
  groupOf: number[],
  refused: number[],
  duplicates: string,
): EventOutcome[] {
  if (refused.length === 0 && duplicates === "") return new Array(events.length).fill("stored");
  const without = new Set(refused);
  let identified = 0;
  return events.map(({ id }, index) => {
    const isDuplicate = id !== "" && duplicates[identified++] === "1";
    if (without.has(groupOf[index] as number)) return "too-many-names";
    return isDuplicate ? "duplicate" : "stored";
  });
}
