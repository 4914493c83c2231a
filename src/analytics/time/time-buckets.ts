import { invalid } from "../../errors/posta-error.js";
import { dayStarts } from "./days.js";
import { dayHours, hourMinutes, hourOf, type Range } from "./range.js";

export type Interval = "minute" | "hour" | "day";

const maxBuckets = 10_000;

/** Parts of a range, one after the other. */
export interface Buckets {
  /** The start of each bucket that callers see. The first bucket may start before the range. */
  readonly starts: readonly number[];
  /** Where each bucket begins to count, then where the last bucket ends: one item more than there are buckets. */
  readonly bounds: readonly number[];
}

/** The whole range as one bucket. */
export function oneBucket({ start, end }: Range): Buckets {
  return { starts: [start], bounds: [start, end] };
}

/** Cuts a range at each minute, hour or day. Throws invalid if it has too many of them. */
export async function cutRange(range: Range, interval: Interval, timeZone: string): Promise<Buckets> {
  if (interval !== "day" && timeZone !== "") throw invalid("time_zone", "is only for the interval DAY");
  const starts = await startsOf(range, interval, timeZone);
  return { starts, bounds: [range.start, ...starts.slice(1), range.end] };
}

async function startsOf(range: Range, interval: Interval, timeZone: string): Promise<number[]> {
  // Ten years, the longest range, have 3653 days.
  if (interval === "day") return dayStarts(range, timeZone);
  const step = interval === "hour" ? hourMinutes : 1;
  const first = range.start - (range.start % step);
  const count = Math.ceil((range.end - first) / step);
  if (count > maxBuckets) throw invalid("interval", `the range has ${count} ${interval}s, over ${maxBuckets}`);
  return Array.from({ length: count }, (_, index) => first + index * step);
}

/** Whether no bound but the first and the last cuts a day (UTC) in two. */
export function hasWholeDays({ bounds }: Buckets): boolean {
  return bounds.slice(1, -1).every((bound) => bound % (dayHours * hourMinutes) === 0);
}

/** The hours that a bound cuts in two, in order. Only these hours must be read minute by minute. */
export function cutHours({ bounds }: Buckets): number[] {
  const hours = bounds.filter((bound) => bound % hourMinutes !== 0).map(hourOf);
  return hours.filter((hour, index) => hour !== hours[index - 1]);
}
