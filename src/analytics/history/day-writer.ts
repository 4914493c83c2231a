import type { Queries, Statement } from "../../store/postgres/session.js";
import { toUniques, type UniquesMerger, type UniquesRow } from "../hot/uniques.js";
import { dayHours } from "../time/range.js";
import { toDate, toHour } from "./history.js";
import type { HourWriter } from "./hour-writer.js";

const namesOfDay: Statement = {
  name: "analytics-names-of-day",
  text: "SELECT DISTINCT name FROM analytics_uniques WHERE span = 'hour' AND start >= $1 AND start < $2",
};
const uniquesOfDay: Statement = {
  name: "analytics-uniques-of-day",
  text: "SELECT subjects, hll FROM analytics_uniques WHERE name = $1 AND span = 'hour' AND start >= $2 AND start < $3",
};
export const putSums: Statement = {
  name: "analytics-put-day",
  text: `INSERT INTO analytics_days (series_id, day, events, total)
    SELECT series_id, $1, sum(events), sum(total) FROM analytics_hours WHERE hour >= $1 AND hour < $2 GROUP BY series_id
    ON CONFLICT (series_id, day) DO UPDATE SET events = excluded.events, total = excluded.total`,
};
export const readDaysUntil: Statement = {
  name: "analytics-read-days-until",
  text: "SELECT days_until FROM analytics_rollup",
};
const advanceDays: Statement = {
  name: "analytics-advance-days",
  text: "UPDATE analytics_rollup SET days_until = greatest(days_until, $1)",
};

/** As in an hour: with more subjects than this, a day keeps an estimate. */
const maxSubjects = 1000;
/** The most missing days that are written together with one hour. */
const maxMissed = 31;

/** Writes days into the history, from their hours, which are already there. */
export class DayWriter {
  constructor(
    private readonly transaction: Queries,
    private readonly hours: HourWriter,
    private readonly merger: UniquesMerger,
  ) {}

  /** Writes the missing days that end by the hour `end`. A day that ends exactly then is written even if it exists. */
  async writeUntil(end: number): Promise<void> {
    const endDay = end - (end % dayHours);
    const missing = await this.readDaysUntil();
    const first = end === endDay ? Math.min(missing, endDay - dayHours) : missing;
    const last = Math.min(endDay, first + maxMissed * dayHours);
    for (let day = first; day < last; day += dayHours) await this.writeSums(day);
    if (end === endDay) await this.writeUniques(endDay - dayHours);
  }

  private async readDaysUntil(): Promise<number> {
    const [row] = await this.transaction.query<{ days_until: Date }>(readDaysUntil);
    return toHour((row as { days_until: Date }).days_until);
  }

  private async writeSums(day: number): Promise<void> {
    await this.transaction.query(putSums, [toDate(day), toDate(day + dayHours)]);
    await this.transaction.query(advanceDays, [toDate(day + dayHours)]);
  }

  private async writeUniques(day: number): Promise<void> {
    const bounds = [toDate(day), toDate(day + dayHours)];
    for (const { name } of await this.transaction.query<{ name: string }>(namesOfDay, bounds)) {
      const rows = await this.transaction.query<UniquesRow>(uniquesOfDay, [name, ...bounds]);
      await this.hours.putUniques(name, "day", day, await this.merger.union(rows.map(toUniques), maxSubjects));
    }
  }
}
