import type { Outbox } from "../outbox/outbox.js";
import type { CancelOrder, Lease, Outcome, WireJob } from "../wire/messages.js";
import { Job } from "./job.js";
import { JobCancelled, LeaseLost } from "./outcomes.js";
import { Report, type ReportListener } from "./report.js";
import { type JobContext, Run, type RunListener } from "./run.js";
import { toCompletion, toOutcome } from "./to-outcome.js";

/** Does a job. What it returns is the job's result, as JSON. */
export type Handler<Data, Result> = (job: Job<Data>, context: JobContext) => Promise<Result> | Result;

export interface RunsListener<Data> {
  /** Posta has the result of the job. */
  completed(job: Job<Data>): void;
  /** The handler threw. */
  failed(job: Job<Data>, error: unknown): void;
  /** The job is somebody else's now. */
  lost(job: Job<Data>): void;
  /** Posta takes no report of the job. */
  unreported(job: Job<Data>, problem: string): void;
  /** How many jobs the worker takes has changed. */
  creditChanged(): void;
  /** There is one run less. */
  ended(): void;
}

/**
 * The jobs that the worker holds, and runs of its handler.
 *
 * An `assign` has to be acknowledged only if one of its jobs is still held when the worker next writes: a report says
 * the same. `fresh` counts the jobs that are held, and came since the last acknowledgement.
 */
export class Runs<Data> implements RunListener<Data>, ReportListener<Data> {
  private readonly held = new Map<string, Run<Data>>();
  /** Handlers that still run, though their leases are lost. Each takes a place. */
  private strays = 0;
  private fresh = 0;
  private generation = 0;
  private isDraining = false;
  private isClosed = false;

  constructor(
    private readonly handler: Handler<Data, unknown>,
    private readonly concurrency: number,
    private readonly outbox: Outbox,
    private readonly listener: RunsListener<Data>,
  ) {}

  /** How many jobs the worker takes at a time. */
  get credit(): number {
    return this.isDraining ? 0 : Math.max(this.concurrency - this.strays, 0);
  }

  /** How many jobs the worker holds. */
  get size(): number {
    return this.held.size;
  }

  get hasFresh(): boolean {
    return this.fresh > 0;
  }

  leases(): Lease[] {
    return [...this.held.values()].map(({ lease }) => lease);
  }

  /** All jobs that came are acknowledged. */
  acknowledged(): void {
    this.fresh = 0;
    this.generation += 1;
  }

  /** Begins jobs. Those that have no place go back in line. */
  start(queue: string, jobs: readonly WireJob[]): void {
    for (const wire of jobs) {
      const run = new Run<Data>(
        { queue, jobId: wire.jobId, leaseToken: wire.leaseToken },
        new Job(queue, wire),
        this.outbox,
        this,
      );
      const earlier = this.held.get(wire.jobId);
      if (earlier) this.lost(earlier); // The job was put back and comes again: the earlier lease is not the worker's.
      if (this.isDraining || this.held.size + this.strays >= this.concurrency) this.settle(run, { release: {} });
      else this.begin(run);
    }
  }

  /** Leases that are lost. What was reported meanwhile is no loss. */
  lose(leases: readonly Lease[]): void {
    for (const lease of leases) {
      const run = this.find(lease);
      if (run) this.lost(run);
    }
  }

  cancel(lease: Lease, { reason }: CancelOrder): void {
    this.find(lease)?.abort(new JobCancelled(reason));
  }

  /** Takes no more jobs. */
  drain(): void {
    this.isDraining = true;
  }

  abortAll(reason: Error): void {
    for (const run of this.held.values()) run.abort(reason);
  }

  /** Whatever handlers still do is not reported any more. Answers how many still run. */
  close(): number {
    this.isClosed = true;
    return this.held.size + this.strays;
  }

  ended(run: Run<Data>, outcome: Outcome): void {
    if (run.isLost || this.isClosed) return;
    this.forget(run);
    this.settle(run, outcome);
    this.listener.ended();
  }

  lost(run: Run<Data>): void {
    if (run.isLost) return;
    run.isLost = true;
    this.forget(run);
    if (!run.isOver) this.countStray(1);
    this.listener.lost(run.job);
    run.abort(new LeaseLost());
    this.listener.ended();
  }

  report(report: Report<Data>): void {
    this.outbox.add(report);
  }

  reported({ job }: Run<Data>, isLost: boolean, outcome: Outcome): void {
    if (isLost) this.listener.lost(job);
    else if ("complete" in outcome) this.listener.completed(job);
  }

  unreported({ job }: Run<Data>, problem: string): void {
    this.listener.unreported(job, problem);
  }

  private begin(run: Run<Data>): void {
    this.held.set(run.lease.jobId, run);
    run.generation = this.generation;
    this.fresh += 1;
    try {
      const result = this.handler(run.job, run);
      if (!isThenable(result)) this.succeed(run, result);
      else
        result.then(
          (value) => this.succeed(run, value),
          (error) => this.fail(run, error),
        );
    } catch (error) {
      this.fail(run, error);
    }
  }

  private succeed(run: Run<Data>, value: unknown): void {
    let outcome: Outcome;
    try {
      outcome = toCompletion(value);
    } catch (error) {
      this.fail(run, error);
      return;
    }
    this.end(run, outcome);
  }

  private fail(run: Run<Data>, error: unknown): void {
    const outcome = toOutcome(error, run.reason);
    if ("fail" in outcome && !run.isLost) this.listener.failed(run.job, error);
    this.end(run, outcome);
  }

  private end(run: Run<Data>, outcome: Outcome): void {
    run.end(outcome);
    if (run.isLost) this.countStray(-1);
  }

  private settle(run: Run<Data>, outcome: Outcome): void {
    const report = new Report(run, outcome, this);
    if (report.problem === undefined) this.report(report);
    else report.refuse(report.problem);
  }

  private countStray(change: 1 | -1): void {
    this.strays += change;
    this.listener.creditChanged();
  }

  private find({ jobId, leaseToken }: Lease): Run<Data> | undefined {
    const run = this.held.get(jobId);
    return run?.lease.leaseToken === leaseToken ? run : undefined;
  }

  private forget(run: Run<Data>): void {
    this.held.delete(run.lease.jobId);
    if (run.generation === this.generation && this.fresh > 0) this.fresh -= 1;
  }
}

function isThenable<Result>(value: Promise<Result> | Result): value is Promise<Result> {
  return typeof (value as Promise<Result> | undefined)?.then === "function";
}
