import { type DeadLetterKind, deadLetterKinds } from "../store/postgres/dead-letters.js";
import type { MonthlyTables } from "../store/postgres/partitions.js";

/** Dead letters have a partition for each month. */
export const deadLetterTables: MonthlyTables = { dead_letters: "id" };

/** A message or a job that was given up. Times are in milliseconds since 1970. */
export interface DeadLetter {
  id: string;
  kind: DeadLetterKind;
  /** The sending number, or the queue. */
  source: string;
  /** The message's or the job's id. */
  ref: string;
  reason: string;
  errorCode: number | undefined;
  content: string;
  history: string;
  /** Which texts do not fit an answer. A cut reason keeps its start; the other texts are left out. */
  cut: { reason: boolean; content: boolean; history: boolean };
  failedAtMs: number;
  redrivenAtMs: number | undefined;
}

/** Whether the caller may use a source of a kind. Dead letters of other sources do not exist for the caller. */
export type MayUseSource = (kind: DeadLetterKind, source: string) => boolean;

/** The kind for the number that the database stores. */
export function toKind(number: number): DeadLetterKind {
  return number === deadLetterKinds.job ? "job" : "message";
}
