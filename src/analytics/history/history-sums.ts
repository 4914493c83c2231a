import type { Statement } from "../../store/postgres/session.js";
import type { Series } from "../hot/keys.js";
import { minuteMs, type Range } from "../time/range.js";
import { hoursOf, Sums } from "../time/sums.js";
import { type Buckets, cutHours, hasWholeDays } from "../time/time-buckets.js";
import { type History, toDate, toHour } from "./history.js";
import { type DaySplit, type HistoryDays, splitDays, toBounds } from "./history-days.js";

const someSeries = `unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS given (name, dimension, value, row)
    JOIN analytics_series AS series USING (name, dimension, value)`;

/**
 * Adds up days and hours between two bounds, inside PostgreSQL. The next statement reads the hours that a bound cuts in
 * two. LATERAL and its sums keep the plan to a look into the indexes for each series, whatever PostgreSQL estimates.
 */
const sumParts: Statement = {
  name: "analytics-sum-parts",
  text: `SELECT given.row::int AS row, bucket, events, total FROM ${someSeries}
    CROSS JOIN LATERAL (SELECT bucket, sum(events)::bigint AS events, sum(total) AS total FROM (
      SELECT width_bucket(day, $8::timestamptz[]) AS bucket, events, total FROM analytics_days
        WHERE series_id = series.id AND day >= $5 AND day < $6
      UNION ALL SELECT width_bucket(hour, $8::timestamptz[]), events, total FROM analytics_hours
        WHERE series_id = series.id AND hour >= $4 AND hour < $5 AND hour <> ALL ($9::timestamptz[])
      UNION ALL SELECT width_bucket(hour, $8::timestamptz[]), events, total FROM analytics_hours
        WHERE series_id = series.id AND hour >= $6 AND hour < $7 AND hour <> ALL ($9::timestamptz[])
    ) AS parts GROUP BY bucket) AS sums`,
};

const readMinutes: Statement = {
  name: "analytics-read-minutes",
  text: `SELECT given.row::int AS row, hour, minutes, totals FROM ${someSeries}
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

/** Reads sums from PostgreSQL. */
export class HistorySums {
  constructor(
    private readonly history: History,
    private readonly days: HistoryDays,
  ) {}

  /** The sums of series, over the parts of buckets that lie in a range. */
  async read(series: readonly Series[], buckets: Buckets, range: Range): Promise<Sums> {
    const sums = new Sums(series.length, buckets);
    const hours = hoursOf(range);
    const cut = cutHours(buckets).filter((hour) => hour >= (hours[0] as number) && hour <= (hours.at(-1) as number));
    const names = [series.map(({ name }) => name), series.map((one) => one.dimension), series.map((one) => one.value)];
    const thresholds = buckets.bounds.slice(0, -1).map((bound) => new Date(bound * minuteMs));
    const split = hasWholeDays(buckets) ? await this.days.split(range) : withoutDays(range);
    const { first, end } = split;
    const [whole, minutes] = await Promise.all([
      // If bounds cut every hour, there is no whole hour to add up.
      cut.length === hours.length
        ? []
        : this.history.ask<SumRow>(sumParts, [...names, ...toBounds(split), thresholds, cut.map(toDate)]),
      cut.length === 0
        ? []
        : this.history.ask<MinutesRow>(readMinutes, [...names, toDate(first), toDate(end), cut.map(toDate)]),
    ]);
    for (const { row, bucket, ...sum } of whole) sums.add(row - 1, bucket - 1, sum);
    for (const { row, hour, ...rest } of minutes) sums.addMinutes(row - 1, { hour: toHour(hour), ...rest });
    return sums;
  }
}

function withoutDays(range: Range): DaySplit {
  return splitDays(range, 0);
}
