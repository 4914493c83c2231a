import type { Outbox } from "../outbox/outbox.js";
import type { CancelOrder, Lease, Outcome, WireJob } from "../wire/messages.js";
import { callHandler, type Handler, type HandlerListener } from "./handler.js";
import { HeldRuns } from "./held-runs.js";
import { Job } from "./job.js";
import { JobCancelled, LeaseLost } from "./outcomes.js";
import { Report, type ReportListener } from "./report.js";
import { Run, type RunListener } from "./run.js";

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

/** Runs of the worker's handler: begins them, tells them to stop, and reports what becomes of their jobs. */
export class Runs<Data> implements RunListener<Data>, ReportListener<Data>, HandlerListener<Data> {
  private readonly held = new HeldRuns<Data>();
  /** Handlers that still run, though their leases are lost. Each takes a place. */
  private strays = 0;
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
    return this.held.hasFresh;
  }

  leases(): Lease[] {
    return this.held.all().map(({ lease }) => lease);
  }

  /** All jobs that came are acknowledged. */
  acknowledged(): void {
    this.held.acknowledged();
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
      const earlier = this.held.ofJob(wire.jobId);
      if (earlier) this.lost(earlier); // The job was put back and comes again: the earlier lease is not the worker's.
      if (this.isDraining || this.held.size + this.strays >= this.concurrency) this.settle(run, { release: {} });
      else {
        this.held.add(run);
        callHandler(this.handler, run, this);
      }
    }
  }

  /** Leases that are lost. What was reported meanwhile is no loss. */
  lose(leases: readonly Lease[]): void {
    for (const lease of leases) {
      const run = this.held.find(lease);
      if (run) this.lost(run);
    }
  }

  cancel(lease: Lease, { reason }: CancelOrder): void {
    this.held.find(lease)?.abort(new JobCancelled(reason));
  }

  /** Takes no more jobs. */
  drain(): void {
    this.isDraining = true;
  }

  abortAll(reason: Error): void {
    for (const run of this.held.all()) run.abort(reason);
  }

  /** Whatever handlers still do is not reported any more. Answers how many still run. */
  close(): number {
    this.isClosed = true;
    return this.held.size + this.strays;
  }

  threw(run: Run<Data>, error: unknown): void {
    if (!run.isLost) this.listener.failed(run.job, error);
  }

  done(run: Run<Data>, outcome: Outcome): void {
    run.end(outcome);
    if (run.isLost) this.countStray(-1);
  }

  ended(run: Run<Data>, outcome: Outcome): void {
    if (run.isLost || this.isClosed) return;
    this.held.remove(run);
    this.settle(run, outcome);
    this.listener.ended();
  }

  lost(run: Run<Data>): void {
    if (run.isLost) return;
    run.isLost = true;
    this.held.remove(run);
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

  private settle(run: Run<Data>, outcome: Outcome): void {
    const report = new Report(run, outcome, this);
    if (report.problem === undefined) this.report(report);
    else report.refuse(report.problem);
  }

  private countStray(change: 1 | -1): void {
    this.strays += change;
    this.listener.creditChanged();
  }
}
