import type { Statement } from "../../store/postgres/session.js";
import { toUniques, type Uniques, type UniquesMerger, type UniquesRow } from "../hot/uniques.js";
import { dayHours, hourMinutes, type Range } from "../time/range.js";
import { type History, wholeHours } from "./history.js";
import { splitDays, toBounds } from "./history-days.js";

/** Reads whole days, and hours at the ends of the range. So a year is about 400 rows and not 8760. */
const readUniques: Statement = {
  name: "analytics-read-uniques",
  text: `SELECT subjects, hll FROM analytics_uniques
      WHERE name = $1 AND span = 'day' AND start >= $3 AND start < $4
    UNION ALL SELECT subjects, hll FROM analytics_uniques
      WHERE name = $1 AND span = 'hour' AND start >= $2 AND start < $3
    UNION ALL SELECT subjects, hll FROM analytics_uniques
      WHERE name = $1 AND span = 'hour' AND start >= $4 AND start < $5`,
};

/** How much is read at once: 64 HyperLogLogs are 0.8 MB. */
const stepHours = 64 * dayHours;
/** This many subjects are carried along one by one. With more, the answer for a long range is an estimate. */
const maxSubjects = 50_000;

/** Reads different subjects from PostgreSQL. */
export class HistoryUniques {
  constructor(
    private readonly history: History,
    private readonly merger: UniquesMerger,
  ) {}

  /** The different subjects of a name's events in a range of whole hours. */
  async read(name: string, range: Range): Promise<Uniques> {
    const { first, end } = wholeHours(range);
    let all: Uniques = { subjects: [] };
    for (let at = first; at < end; ) {
      // Steps end at a day's start, so that no day is split between two steps.
      const next = Math.min(end, at - (at % dayHours) + stepHours);
      all = await this.merger.union([all, ...(await this.readStep(name, at, next))], maxSubjects);
      at = next;
    }
    return all;
  }

  private async readStep(name: string, first: number, end: number): Promise<Uniques[]> {
    const bounds = toBounds(splitDays({ start: first * hourMinutes, end: end * hourMinutes }));
    const rows = await this.history.ask<UniquesRow>(readUniques, [name, ...bounds]);
    return rows.map(toUniques);
  }
}
