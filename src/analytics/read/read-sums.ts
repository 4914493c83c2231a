import type { HistorySums } from "../history/history-sums.js";
import type { Watermark } from "../history/watermark.js";
import type { Hot } from "../hot/hot.js";
import type { Series } from "../hot/keys.js";
import { type Range, splitAt } from "../time/range.js";
import { type Sum, Sums } from "../time/sums.js";
import { type Buckets, cutRange, type Interval, oneBucket } from "../time/time-buckets.js";
import { type Cache, historyLifetimes, hotLifetimes } from "./cache.js";

export interface Point extends Sum {
  /** Where the point's interval begins, in minutes since 1970. */
  start: number;
}

/** What is asked for: which series, and what the sums are over. */
interface Question {
  series: readonly Series[];
  range: Range;
  interval: Interval | "range";
  timeZone: string;
}

/** A row of sums for each series, a column for each bucket. Several callers may get the same object. */
export interface SumsTable {
  starts: readonly number[];
  rows: readonly (readonly Sum[])[];
}

/** Reads counters and time series: both are sums of series over the buckets of a range. */
export class SumsReader {
  constructor(
    private readonly history: HistorySums,
    private readonly hot: Hot,
    private readonly watermark: Watermark,
    private readonly cache: Cache,
  ) {}

  /** The sum of each series over a range. */
  async counters(series: readonly Series[], range: Range): Promise<Sum[]> {
    const { rows } = await this.read({ series, range, interval: "range", timeZone: "" });
    return rows.map(([sum]) => sum as Sum);
  }

  /** A series in minutes, hours, or days of a time zone: a table of one row. */
  timeSeries(series: Series, range: Range, interval: Interval, timeZone: string): Promise<SumsTable> {
    return this.read({ series: [series], range, interval, timeZone });
  }

  /** Uses one watermark for the whole read, so that no hour is counted on both sides or on neither. */
  private async read(question: Question): Promise<SumsTable> {
    const hour = await this.watermark.get();
    const { before, after } = splitAt(question.range, hour);
    if (before && !after) return this.readHistory(question, before, () => cut(question));
    return this.cache.get(["sums", question, hour], hotLifetimes, async () => {
      const buckets = await cut(question);
      const sums = new Sums(question.series.length, buckets);
      const [old, recent] = await Promise.all([
        before && this.readHistory(question, before, async () => buckets),
        after && this.hot.sums(question.series, buckets, after),
      ]);
      if (old) sums.addAll(old.rows);
      if (recent) sums.addAll(recent.rows);
      return { starts: buckets.starts, rows: sums.rows };
    });
  }

  private readHistory(question: Question, part: Range, cutting: () => Promise<Buckets>): Promise<SumsTable> {
    return this.cache.get(["history-sums", question, part], historyLifetimes, async () => {
      const buckets = await cutting();
      const { rows } = await this.history.read(question.series, buckets, part);
      return { starts: buckets.starts, rows };
    });
  }
}

/** The points of a time series, from its table. */
export function toPoints({ starts, rows: [row = []] }: SumsTable): Point[] {
  return row.map(({ events, total }, index) => ({ start: starts[index] as number, events, total }));
}

async function cut({ range, interval, timeZone }: Question): Promise<Buckets> {
  return interval === "range" ? oneBucket(range) : cutRange(range, interval, timeZone);
}
