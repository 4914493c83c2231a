/** What a dead letter was; the numbers are those of DeadLetterKind in the contract, and of dead_letters.kind. */
export const deadLetterKinds = { message: 1, job: 2 } as const;

export type DeadLetterKind = keyof typeof deadLetterKinds;

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
  /** Which of its texts do not fit an answer: of the reason the start is there, of the others nothing. */
  cut: { reason: boolean; content: boolean; history: boolean };
  failedAtMs: number;
  redrivenAtMs: number | undefined;
}

export function toKind(number: number): DeadLetterKind {
  return number === deadLetterKinds.job ? "job" : "message";
}
