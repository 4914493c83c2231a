import { maxEntryBytes, type ReportEntry, weigh } from "../outbox/entry.js";
import type { Outcome, WorkReport } from "../wire/messages.js";
import type { Run } from "./run.js";

/** Told what became of the reports of jobs. */
export interface ReportListener<Data> {
  reported(run: Run<Data>, isLost: boolean, outcome: Outcome): void;
  /** Posta takes no report of the job: its lease ends, and the job runs again. */
  unreported(run: Run<Data>, problem: string): void;
  /** Sends another report instead. */
  report(report: Report<Data>): void;
}

/** What became of a job, until Posta has acknowledged it. */
export class Report<Data> implements ReportEntry {
  readonly kind = "report";
  readonly message: WorkReport;
  readonly bytes: number;

  constructor(
    private readonly run: Run<Data>,
    private readonly outcome: Outcome,
    private readonly listener: ReportListener<Data>,
    /** This report tells why an earlier one could not be taken. */
    private readonly isSecond = false,
  ) {
    const { queue, jobId, leaseToken } = run.lease;
    this.message = { reportId: 0, queue, report: { jobId, leaseToken, ...outcome } };
    this.bytes = weighOutcome(outcome);
  }

  /** What makes the report impossible to send; undefined: nothing. */
  get problem(): string | undefined {
    return this.bytes > maxEntryBytes ? `the result of ${this.bytes} bytes is over ${maxEntryBytes}` : undefined;
  }

  settle(isLost: boolean): void {
    this.listener.reported(this.run, isLost, this.outcome);
  }

  /** A job that is not reported runs again, and again. So it fails, with the reason as its message. */
  refuse(problem: string): void {
    if (this.isSecond) this.listener.unreported(this.run, problem);
    else this.listener.report(new Report(this.run, { fail: { message: problem } }, this.listener, true));
  }
}

function weighOutcome(outcome: Outcome): number {
  if ("complete" in outcome) return weigh(outcome.complete.returnValueJson);
  if ("fail" in outcome) return weigh(outcome.fail.message) + weigh(outcome.fail.stack ?? "");
  return weigh("cancelled" in outcome ? outcome.cancelled.message : "");
}
