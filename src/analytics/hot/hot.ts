import { toReadError } from "../../store/redis/errors.js";
import type { RedisStore } from "../../store/redis/store.js";
import { hourMinutes, hourMs, type Range } from "../time/range.js";
import { hoursOf, type Minutes, Sums } from "../time/sums.js";
import type { Buckets } from "../time/time-buckets.js";
import type { Keys, Series } from "./keys.js";

/** How long Redis keeps an hour, and how far ahead events may be; both in milliseconds. */
export interface HotLimits {
  hotMs: number;
  maxLeadMs: number;
}

/** Reads from Redis what is not in the history yet. Each read is one pipeline, so one round trip. */
export class Hot {
  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
    private readonly limits: HotLimits,
    private readonly now: () => number,
  ) {}

  /** The sums of series, over the parts of buckets that lie in a range. */
  async sums(series: readonly Series[], buckets: Buckets, range: Range): Promise<Sums> {
    const sums = new Sums(series.length, buckets);
    const hours = this.hoursIn(range);
    const hashes = await this.readHashes(series.flatMap((one) => hours.map((hour) => this.keys.minutes(hour, one))));
    for (const [index, hash] of hashes.entries()) {
      const hour = hours[index % hours.length] as number;
      sums.addMinutes(Math.floor(index / hours.length), toMinutes(hour, hash));
    }
    return sums;
  }

  /** The hours of a range that Redis can have. A range may reach centuries ahead. */
  hoursIn({ start, end }: Range): number[] {
    const now = this.now();
    const first = Math.floor((now - this.limits.hotMs) / hourMs) - 1;
    // One hour more, because the clocks of servers differ.
    const last = Math.floor((now + this.limits.maxLeadMs) / hourMs) + 1;
    const clipped = { start: Math.max(start, first * hourMinutes), end: Math.min(end, (last + 1) * hourMinutes) };
    return clipped.start < clipped.end ? hoursOf(clipped) : [];
  }

  /** Reads the hashes of {@link Keys.minutes}. The roll-up reads them too. */
  readHashes(keys: readonly string[]): Promise<Record<string, string>[]> {
    return this.pipeline(keys, (pipeline, key) => pipeline.hgetall(key));
  }

  /** Sends one command for each item, all at once. */
  async pipeline<Item, Answer>(
    items: readonly Item[],
    add: (pipeline: Pipeline, item: Item, index: number) => unknown,
  ): Promise<Answer[]> {
    this.store.requireUsable();
    if (items.length === 0) return [];
    const pipeline = this.store.client.pipeline();
    for (const [index, item] of items.entries()) add(pipeline, item, index);
    const answers = await pipeline.exec().catch((error) => {
      throw toReadError(error, "the analytics store");
    });
    return (answers ?? []).map(([error, answer]) => {
      if (error) throw toReadError(error, "the analytics store");
      return answer as Answer;
    });
  }
}

export type Pipeline = ReturnType<RedisStore["client"]["pipeline"]>;

/** The minutes in an hour's hash: "7" -> events of minute 7, "s7" -> the sum of their values. */
export function toMinutes(hour: number, hash: Record<string, string>): Minutes {
  const minutes = new Array<number>(hourMinutes).fill(0);
  let totals: number[] | null = null;
  for (const [field, text] of Object.entries(hash)) {
    if (field.startsWith("s")) {
      totals ??= new Array<number>(hourMinutes).fill(0);
      totals[Number(field.slice(1))] = Number(text);
    } else {
      minutes[Number(field)] = Number(text);
    }
  }
  return { hour, minutes, totals };
}
