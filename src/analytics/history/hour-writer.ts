import type { Queries, Statement } from "../../store/postgres/session.js";
import type { SeriesHour } from "../hot/hour-reader.js";
import type { Uniques } from "../hot/uniques.js";
import { toDate } from "./history.js";

const lockWatermark: Statement = {
  name: "analytics-lock-watermark",
  text: "SELECT rolled_until FROM analytics_rollup WHERE rolled_until = $1 FOR UPDATE",
};
const advanceWatermark: Statement = {
  name: "analytics-advance-watermark",
  text: "UPDATE analytics_rollup SET rolled_until = $2 WHERE rolled_until = $1",
};
const addSeries: Statement = {
  name: "analytics-add-series",
  text: `INSERT INTO analytics_series (name, dimension, value)
    SELECT $1, dimension, value FROM unnest($2::text[], $3::text[]) AS given (dimension, value)
    WHERE NOT EXISTS (SELECT FROM analytics_series AS s
      WHERE s.name = $1 AND s.dimension = given.dimension AND s.value = given.value)
    ON CONFLICT DO NOTHING`,
};
/** Overwrites, so that an hour that is rolled up again counts once. Text, as nested arrays in SQL are rectangles. */
const putHours: Statement = {
  name: "analytics-put-hours",
  text: `INSERT INTO analytics_hours (series_id, hour, events, total, minutes, totals)
    SELECT s.id, $4, given.events, given.total, given.minutes::integer[], given.totals::double precision[]
    FROM unnest($2::text[], $3::text[], $5::bigint[], $6::double precision[], $7::text[], $8::text[])
      AS given (dimension, value, events, total, minutes, totals)
    JOIN analytics_series AS s ON s.name = $1 AND s.dimension = given.dimension AND s.value = given.value
    ON CONFLICT (series_id, hour) DO UPDATE SET events = excluded.events, total = excluded.total,
      minutes = excluded.minutes, totals = excluded.totals`,
};
const putUniques: Statement = {
  name: "analytics-put-uniques",
  text: `INSERT INTO analytics_uniques (name, span, start, subjects, hll) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (name, span, start) DO UPDATE SET subjects = excluded.subjects, hll = excluded.hll`,
};
/** Writes an hour into the history, on one transaction. */
export class HourWriter {
  constructor(private readonly transaction: Queries) {}

  /** Keeps all others out until the transaction ends. False if the watermark is not at the hour any more. */
  async lock(hour: number): Promise<boolean> {
    return (await this.transaction.query(lockWatermark, [toDate(hour)])).length === 1;
  }

  async advance(hour: number): Promise<void> {
    await this.transaction.query(advanceWatermark, [toDate(hour), toDate(hour + 1)]);
  }

  /** Writes different series of one name. */
  async putSeries(hour: number, name: string, rows: readonly SeriesHour[]): Promise<void> {
    const dimensions = rows.map(({ series }) => series.dimension);
    const values = rows.map(({ series }) => series.value);
    await this.transaction.query(addSeries, [name, dimensions, values]);
    await this.transaction.query(putHours, [
      name,
      dimensions,
      values,
      toDate(hour),
      rows.map(({ minutes }) => add(minutes)),
      rows.map(({ totals }) => add(totals ?? [])),
      rows.map(({ minutes }) => toArray(minutes)),
      rows.map(({ totals }) => totals && toArray(totals)),
    ]);
  }

  async putUniques(name: string, span: "hour" | "day", start: number, { subjects, hll }: Uniques): Promise<void> {
    await this.transaction.query(putUniques, [name, span, toDate(start), subjects ?? null, hll ?? null]);
  }
}

function add(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

function toArray(numbers: readonly number[]): string {
  return `{${numbers.join(",")}}`;
}
