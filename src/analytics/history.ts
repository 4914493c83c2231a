import { PostaError } from "../errors.js";
import type { PostgresStore } from "../store/postgres.js";
import type { Statement } from "../store/postgres-session.js";
import type { Series } from "./keys.js";
import { hourMinutes, hourMs, minuteMs, type Range } from "./range.js";
import { hoursOf, Sums } from "./sums.js";
import { type Buckets, cutHours } from "./time-buckets.js";

/** The hours between two bounds, added up where they are. An hour that a bound cuts in two is left to the next statement. */
export const sumHours: Statement = {
  name: "analytics-sum-hours",
  text: `SELECT given.row::int AS row, width_bucket(hour, $6::timestamptz[]) AS bucket,
      sum(events)::bigint AS events, sum(total) AS total
    FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS given (name, dimension, value, row)
    JOIN analytics_series AS series USING (name, dimension, value)
    JOIN analytics_hours ON series_id = series.id
    WHERE hour >= $4 AND hour < $5 AND NOT EXISTS (SELECT FROM unnest($7::timestamptz[]) AS cut WHERE cut = hour)
    GROUP BY 1, 2`,
};

export const readMinutes: Statement = {
  name: "analytics-read-minutes",
  text: `SELECT given.row::int AS row, hour, minutes, totals
    FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS given (name, dimension, value, row)
    JOIN analytics_series AS series USING (name, dimension, value)
    JOIN analytics_hours ON series_id = series.id
    WHERE hour >= $4 AND hour < $5 AND hour = ANY ($6::timestamptz[])`,
};

interface SumRow {
  row: number;
  bucket: number;
  events: number;
  total: number;
}

interface MinutesRow {
  row: number;
  hour: Date;
  minutes: number[];
  totals: number[] | null;
}

/** Reads sums out of PostgreSQL, where every hour before the watermark is. */
export class History {
  constructor(private readonly postgres: PostgresStore) {}

  /** The sums of series over those parts of buckets that lie in a range. */
  async sums(series: readonly Series[], buckets: Buckets, range: Range): Promise<Sums> {
    const sums = new Sums(series.length, buckets);
    const hours = hoursOf(range);
    const cut = cutHours(buckets).filter((hour) => hour >= (hours[0] as number) && hour <= (hours.at(-1) as number));
    const names = [series.map(({ name }) => name), series.map((one) => one.dimension), series.map((one) => one.value)];
    const touched = [toDate(hours[0] as number), toDate((hours.at(-1) as number) + 1)];
    const thresholds = buckets.bounds.slice(0, -1).map((bound) => new Date(bound * minuteMs));
    const [whole, minutes] = await Promise.all([
      // A part of minutes has no hour between two bounds.
      cut.length === hours.length
        ? []
        : this.ask<SumRow>(sumHours, [...names, ...touched, thresholds, cut.map(toDate)]),
      cut.length === 0 ? [] : this.ask<MinutesRow>(readMinutes, [...names, ...touched, cut.map(toDate)]),
    ]);
    for (const { row, bucket, ...sum } of whole) sums.add(row - 1, bucket - 1, sum);
    for (const { row, hour, ...rest } of minutes) sums.addMinutes(row - 1, { hour: Number(hour) / hourMs, ...rest });
    return sums;
  }

  /** Runs a statement of the history, whose errors say what it means for a reader. */
  async ask<Row extends object>(statement: Statement, values: unknown[]): Promise<Row[]> {
    return this.postgres.query<Row>(statement, values).catch((error) => {
      throw toUnreachable(error);
    });
  }
}

export function toDate(hour: number): Date {
  return new Date(hour * hourMs);
}

/** The hours of a range that begins and ends at whole ones. */
export function wholeHours({ start, end }: Range): { first: number; end: number } {
  return { first: start / hourMinutes, end: end / hourMinutes };
}

/** What a failed statement means for a reader. */
export function toUnreachable(error: unknown): unknown {
  if (!(error instanceof PostaError && error.code === "unavailable")) return error;
  const message = "the history cannot be reached: only the last hours can be read, those that are not in it yet";
  return new PostaError("unavailable", message, { cause: error, retryAfterMs: error.retryAfterMs });
}
