import type { Statement } from "../../store/postgres/session.js";
import type { Range } from "../time/range.js";
import type { History } from "./history.js";
import { type HistoryDays, toBounds } from "./history-days.js";

/**
 * Looks into the indexes for each value that the dimension ever had. So the cost of a question depends neither on other
 * names nor on other months.
 */
const valuesInRange = `SELECT value, sum(events)::bigint AS events FROM analytics_series AS series
    CROSS JOIN LATERAL (
      SELECT sum(events) AS events FROM analytics_days WHERE series_id = series.id AND day >= $4 AND day < $5
      UNION ALL SELECT sum(events) FROM analytics_hours WHERE series_id = series.id AND hour >= $3 AND hour < $4
      UNION ALL SELECT sum(events) FROM analytics_hours WHERE series_id = series.id AND hour >= $5 AND hour < $6
    ) AS parts
    WHERE name = $1 AND dimension = $2 AND events > 0`;

/** Values of a dimension by their events. Texts are ordered by their bytes, as the contract promises. */
const topValues: Statement = {
  name: "analytics-top-values",
  text: `${valuesInRange} GROUP BY value ORDER BY events DESC, value COLLATE "C" LIMIT $7`,
};

const someValues: Statement = {
  name: "analytics-some-values",
  text: `${valuesInRange} AND value = ANY ($7::text[]) GROUP BY value`,
};

/** A dimension's value and its events. */
export interface ValueCount {
  value: string;
  events: number;
}

/** Which values to read. */
export interface ValueQuery {
  name: string;
  dimension: string;
}

/** Reads the frequency of values from PostgreSQL. */
export class HistoryValues {
  constructor(
    private readonly history: History,
    private readonly days: HistoryDays,
  ) {}

  /** The most frequent values in a range of whole hours, most frequent first. */
  async top(query: ValueQuery, range: Range, limit: number): Promise<ValueCount[]> {
    return this.history.ask(topValues, [...(await this.argumentsOf(query, range)), limit]);
  }

  /** The events of the given values, in any order. A value without events is left out. */
  async some(query: ValueQuery, range: Range, values: readonly string[]): Promise<ValueCount[]> {
    return this.history.ask(someValues, [...(await this.argumentsOf(query, range)), values]);
  }

  private async argumentsOf({ name, dimension }: ValueQuery, range: Range): Promise<unknown[]> {
    return [name, dimension, ...toBounds(await this.days.split(range))];
  }
}
