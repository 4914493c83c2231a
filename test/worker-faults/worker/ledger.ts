import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

/** What a worker knew, and when. Times are in milliseconds on the machine's steady clock, which no fault changes. */
export interface Entry {
  at: number;
  worker: string;
  queue: string;
  job: string;
  attempt: number;
  /**
   * - got: it received the job. `from`: when it asked; absent in a session.
   * - held: it was told that it holds the lease. `from`: when it asked for an extension; absent: nothing was extended.
   * - start, end: it began and ended the work.
   * - report: it is about to send the outcome. verdict: what the outcome did.
   * - updated: an update that it sent at `from` was applied or lost.
   * - lost, cancel: it was told to stop.
   */
  what: "got" | "held" | "start" | "end" | "report" | "verdict" | "updated" | "lost" | "cancel";
  from?: number;
  outcome?: OutcomeKind;
  /** The return value, or the failure's message. */
  value?: string;
  /** As on the wire, without its prefix; or the error. */
  verdict?: string;
}

export type OutcomeKind = "complete" | "fail" | "release" | "postpone" | "rateLimited" | "cancelled";

/** The steady clock. It is the same in all processes of a machine. */
export const steadyNow = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;

/** Writes what a worker knows before it goes on, so that a SIGKILL loses nothing of it. */
export class Ledger {
  private readonly file: number;

  constructor(
    path: string,
    readonly worker: string,
  ) {
    this.file = openSync(path, "a");
  }

  write(entry: Omit<Entry, "at" | "worker">): void {
    writeSync(this.file, `${JSON.stringify({ at: steadyNow(), worker: this.worker, ...entry })}\n`);
  }

  close(): void {
    closeSync(this.file);
  }

  static read(path: string): Entry[] {
    const lines = readFileSync(path, "utf8").split("\n");
    // The last line of a worker that was killed may be half a line.
    return lines.flatMap((line) => (line.endsWith("}") ? [JSON.parse(line) as Entry] : []));
  }
}
