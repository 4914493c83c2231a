import { hourMinutes, hourOf } from "./range.js";
import type { Buckets } from "./time-buckets.js";

/** Events, and the sum of their values. */
export interface Sum {
  events: number;
  total: number;
}

/** An hour of a series, minute by minute. `totals` is null if no event had a value. */
export interface Minutes {
  hour: number;
  minutes: readonly number[];
  totals: readonly number[] | null;
}

/** The sums of some series over the buckets of a range: a row for each series, a column for each bucket. */
export class Sums {
  readonly rows: Sum[][];

  constructor(
    series: number,
    private readonly buckets: Buckets,
  ) {
    this.rows = Array.from({ length: series }, () => buckets.starts.map(() => ({ events: 0, total: 0 })));
  }

  /** Adds to one bucket. */
  add(row: number, bucket: number, { events, total }: Sum): void {
    const sum = this.rows[row]?.[bucket];
    if (!sum) return;
    sum.events += events;
    sum.total += total;
  }

  /** Adds the minutes of an hour that lie in the range. */
  addMinutes(row: number, { hour, minutes, totals }: Minutes): void {
    const { bounds } = this.buckets;
    const first = hour * hourMinutes;
    const end = Math.min(first + hourMinutes, bounds.at(-1) as number);
    let bucket = this.bucketAt(Math.max(first, bounds[0] as number));
    for (let at = Math.max(first, bounds[0] as number); at < end; at++) {
      if (at >= (bounds[bucket + 1] as number)) bucket += 1;
      const events = minutes[at - first] ?? 0;
      if (events > 0) this.add(row, bucket, { events, total: totals?.[at - first] ?? 0 });
    }
  }

  /** Adds the sums that another read found for the same series and buckets. */
  addAll(rows: readonly (readonly Sum[])[]): void {
    for (const [row, sums] of rows.entries()) for (const [bucket, sum] of sums.entries()) this.add(row, bucket, sum);
  }

  /** The bucket that a minute of the range lies in. */
  private bucketAt(minute: number): number {
    const { bounds } = this.buckets;
    let [low, high] = [0, bounds.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((bounds[middle + 1] as number) <= minute) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The hours that a stretch of time touches. */
export function hoursOf({ start, end }: { start: number; end: number }): number[] {
  const first = hourOf(start);
  return Array.from({ length: hourOf(end - 1) - first + 1 }, (_, index) => first + index);
}
