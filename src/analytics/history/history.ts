import { PostaError } from "../../errors/posta-error.js";
import type { Statement } from "../../store/postgres/session.js";
import type { PostgresStore } from "../../store/postgres/store.js";
import { hourMinutes, hourMs, type Range } from "../time/range.js";

/** PostgreSQL, for readers of the history. It has every hour before the watermark. */
export class History {
  constructor(private readonly postgres: PostgresStore) {}

  /** Runs a statement of the history. Its errors say what the failure means for a reader. */
  async ask<Row extends object>(statement: Statement, values: unknown[] = []): Promise<Row[]> {
    return this.postgres.query<Row>(statement, values).catch((error) => {
      throw toUnreachable(error);
    });
  }
}

export function toDate(hour: number): Date {
  return new Date(hour * hourMs);
}

export function toHour(date: Date): number {
  return Number(date) / hourMs;
}

/** The hours of a range that begins and ends at whole hours. */
export function wholeHours({ start, end }: Range): { first: number; end: number } {
  return { first: start / hourMinutes, end: end / hourMinutes };
}

/** What a failed statement means for a reader. */
export function toUnreachable(error: unknown): unknown {
  if (!(error instanceof PostaError && error.code === "unavailable")) return error;
  const message = "the history cannot be reached: only the last hours can be read, those that are not in it yet";
  return new PostaError("unavailable", message, { cause: error, retryAfterMs: error.retryAfterMs });
}
