import { dayHours, hourMinutes, hourOf, type Range } from "../time/range.js";
import { readDaysUntil } from "./day-writer.js";
import { type History, toDate, toHour } from "./history.js";

/** The hours that a range touches, and its whole days (UTC). Without a whole day, all hours are before the days. */
export interface DaySplit {
  first: number;
  firstDay: number;
  endDay: number;
  end: number;
}

const dayMinutes = dayHours * hourMinutes;

/** Finds the whole days of a range that end by `daysUntil`, an hour. */
export function splitDays({ start, end }: Range, daysUntil = Number.POSITIVE_INFINITY): DaySplit {
  const hours = { first: hourOf(start), end: hourOf(end - 1) + 1 };
  const firstDay = Math.ceil(start / dayMinutes) * dayHours;
  const endDay = Math.min(Math.floor(end / dayMinutes) * dayHours, daysUntil);
  if (firstDay < endDay) return { ...hours, firstDay, endDay };
  return { ...hours, firstDay: hours.end, endDay: hours.end };
}

/** The bounds of a split, as statements take them: hours, days, hours. */
export function toBounds({ first, firstDay, endDay, end }: DaySplit): Date[] {
  return [first, firstDay, endDay, end].map(toDate);
}

/** Knows until when PostgreSQL has the sums of days. That may be before the last whole day ahead of the watermark. */
export class HistoryDays {
  /** It only ever grows, so an old value is right too. */
  private until = 0;

  constructor(private readonly history: History) {}

  /** The whole days of a range that have sums. */
  async split(range: Range): Promise<DaySplit> {
    const wanted = splitDays(range);
    if (wanted.firstDay === wanted.end || wanted.endDay <= this.until) return wanted;
    const [row] = await this.history.ask<{ days_until: Date }>(readDaysUntil);
    this.until = toHour((row as { days_until: Date }).days_until);
    return splitDays(range, this.until);
  }
}
