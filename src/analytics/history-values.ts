import type { Statement } from "../store/postgres-session.js";
import { type History, toDate, wholeHours } from "./history.js";
import type { Range } from "./range.js";

/** Values of a dimension by their events; text is ordered by its bytes, as callers are promised. */
export const topValues: Statement = {
  name: "analytics-top-values",
  text: `SELECT value, sum(events)::bigint AS events
    FROM analytics_series AS series JOIN analytics_hours ON series_id = series.id
    WHERE name = $1 AND dimension = $2 AND hour >= $3 AND hour < $4
    GROUP BY value ORDER BY events DESC, value COLLATE "C" LIMIT $5`,
};

export const someValues: Statement = {
  name: "analytics-some-values",
  text: `SELECT value, sum(events)::bigint AS events
    FROM analytics_series AS series JOIN analytics_hours ON series_id = series.id
    WHERE name = $1 AND dimension = $2 AND hour >= $3 AND hour < $4 AND value = ANY ($5::text[])
    GROUP BY value`,
};

/** A dimension's value and its events. */
export interface ValueCount {
  value: string;
  events: number;
}

/** Which values. */
export interface ValueQuery {
  name: string;
  dimension: string;
}

/** Reads the frequency of values out of PostgreSQL. */
export class HistoryValues {
  constructor(private readonly history: History) {}

  /** The most frequent ones in a range of whole hours, first the most frequent. */
  top(query: ValueQuery, range: Range, limit: number): Promise<ValueCount[]> {
    return this.history.ask(topValues, [...toArguments(query, range), limit]);
  }

  /** How often these were, in any order; one that never was is left out. */
  some(query: ValueQuery, range: Range, values: readonly string[]): Promise<ValueCount[]> {
    return this.history.ask(someValues, [...toArguments(query, range), values]);
  }
}

function toArguments({ name, dimension }: ValueQuery, range: Range): unknown[] {
  const { first, end } = wholeHours(range);
  return [name, dimension, toDate(first), toDate(end)];
}
