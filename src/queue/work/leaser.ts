import type { Waiter } from "../../batching/waiter.js";
import { PostaError } from "../../errors/posta-error.js";
import type { MarkerWatch } from "./marker-watch.js";
import type { ScheduledRuns } from "./scheduled-runs.js";
import { abandonedError, type DoomedRun, type LeasedJob, type LeaseRequest } from "./work.js";
import type { LeaseAnswer, WorkBatcher } from "./work-batcher.js";
import type { LeaseCounts } from "./work-metrics.js";
import type { WorkedQueues } from "./worked-queues.js";

/** An answer should leave this long before its caller stops waiting, in milliseconds. */
const answerMs = 1000;

/** A call that waits for jobs. */
export interface WaitingCall {
  worker: string;
  queue: string;
  /** Ends the wait. */
  stop(): void;
}

export interface LeaserParts {
  batcher: WorkBatcher;
  watch: MarkerWatch;
  scheduled: ScheduledRuns;
  worked: WorkedQueues;
  registry: {
    /** A worker asks for jobs by a single call. Answers whether it is ordered to end. */
    call(worker: string, queue: string): boolean;
    /** Calls `stop` once the worker is ordered to end. Returns what forgets the call. */
    onDrain(call: WaitingCall): () => void;
  };
  counts: LeaseCounts;
  /** The most calls that wait for jobs at a time. */
  maxWaiting: number;
}

/** What a call for jobs brings. */
export interface Leased {
  jobs: LeasedJob[];
  /** The worker is ordered to end. */
  isDrained: boolean;
}

/** The caller of a lease, who may wait. */
interface LeaseCaller extends Waiter {
  /** Aborted once the caller is gone. */
  readonly gone: AbortSignal;
}

/** Leases jobs to workers, who may wait for them. */
export class Leaser {
  /** Calls that wait for jobs. */
  waiting = 0;

  constructor(private readonly parts: LeaserParts) {}

  /**
   * Leases jobs, or waits up to `waitMs` for the first. Rejects with a PostaError: the store failed, or too many wait.
   * Jobs that were leased to a caller who is gone go back in line at once. A worker that is ordered to end gets none.
   */
  async lease(queue: string, request: LeaseRequest, waitMs: number, caller: LeaseCaller): Promise<Leased> {
    const { registry } = this.parts;
    const until = Math.min(Date.now() + waitMs, caller.deadline - answerMs);
    for (;;) {
      if (registry.call(request.worker, queue)) return { jobs: [], isDrained: true };
      const jobs = await this.take(queue, request, caller);
      const leftMs = until - Date.now();
      if (jobs.length > 0 || leftMs <= 0 || caller.cancelled || this.isClosed) return { jobs, isDrained: false };
      await this.wait(queue, request.worker, until, caller);
    }
  }

  /** Leases the jobs that there are now. If there are none, {@link sleep} waits for some. All leases last when it returns. */
  async take(queue: string, request: LeaseRequest, caller: Waiter): Promise<LeasedJob[]> {
    const { batcher, watch, worked, counts } = this.parts;
    worked.note(queue, request.leaseMs);
    const answer = await batcher.lease(queue, request, caller);
    const { retryMs } = answer.hint;
    if (answer.jobs.length === 0 && retryMs !== undefined) watch.wakeAfter(queue, Math.max(retryMs, 1));
    const jobs = await this.continueSchedules(queue, answer);
    if (jobs.length > 0 && caller.cancelled) {
      await this.putBack(queue, jobs);
      throw abandonedError();
    }
    // Redis' answer came too late: another worker may have these jobs.
    const ended = jobs.filter(({ leaseMs }) => leaseMs <= 0);
    if (ended.length > 0) await this.putBack(queue, ended);
    const held = ended.length > 0 ? jobs.filter(({ leaseMs }) => leaseMs > 0) : jobs;
    counts.count(held);
    return held;
  }

  /**
   * Resolves to true when the queue may have a job; to false after `ms`, when `signal` is aborted, or when the server
   * stops. Who is woken and takes no job must {@link passOn}.
   */
  sleep(queue: string, ms: number, signal?: AbortSignal): Promise<boolean> {
    return this.parts.watch.sleep(queue, ms, signal);
  }

  /** Wakes the next who waits for the queue, here or elsewhere. */
  passOn(queue: string): void {
    this.parts.watch.passOn(queue);
  }

  /** The server stops: nobody waits any more. */
  get isClosed(): boolean {
    return this.parts.watch.isClosed;
  }

  /**
   * Adds the next runs of the schedules whose runs were leased. Answers the jobs that may be handed out. A run without a next
   * one goes back in line: its schedule would end. Rejects with unavailable if there are only such runs, so that the worker
   * waits before it asks again.
   */
  private async continueSchedules(queue: string, { jobs, doomed }: LeaseAnswer): Promise<LeasedJob[]> {
    if (doomed.length === 0 && jobs.every(({ schedule }) => schedule === undefined)) return jobs;
    const runs = [...jobs, ...doomed].filter(({ schedule }) => schedule !== undefined);
    const begun = performance.now();
    const unplanned = new Set<LeasedJob | DoomedRun>(await this.parts.scheduled.planNext(queue, runs));
    const isPlanned = (run: LeasedJob | DoomedRun) => !unplanned.has(run);
    await this.fail(queue, doomed.filter(isPlanned));
    await this.putBack(queue, [...unplanned]);
    const tookMs = Math.ceil(performance.now() - begun);
    const planned = jobs.filter(isPlanned);
    if (planned.length === 0 && unplanned.size > 0) throw unplannedError();
    for (const job of planned) job.leaseMs -= tookMs;
    return planned;
  }

  /** Fails runs that no worker may get. If the store fails, their leases end, and the next to lease them does it again. */
  private async fail(queue: string, runs: readonly DoomedRun[]): Promise<void> {
    const reports = runs.map(({ id: jobId, token, reason: message }) => {
      const outcome = { kind: "fail", message, stack: "", unrecoverable: true, retryMs: undefined } as const;
      return { jobId, token, outcome };
    });
    await this.parts.batcher.change(queue, reports);
  }

  /** Puts jobs back in line that no worker has begun. If the store fails, they are back when their leases end. */
  async putBack(queue: string, jobs: readonly Pick<LeasedJob, "id" | "token">[]): Promise<void> {
    const reports = jobs.map(({ id, token }) => ({ jobId: id, token, outcome: { kind: "unseen" } as const }));
    await this.parts.batcher.change(queue, reports);
  }

  /**
   * Waits for a job, by one sleep: each sleep costs Redis some commands. The wait ends early when the caller is gone, or
   * when its worker is ordered to end.
   */
  private async wait(queue: string, worker: string, until: number, caller: LeaseCaller): Promise<void> {
    const { maxWaiting, registry } = this.parts;
    if (this.waiting >= maxWaiting) {
      const problem = `over ${maxWaiting} calls wait for jobs in this server; nothing was leased`;
      throw new PostaError("exhausted", problem, { retryAfterMs: 1000 });
    }
    this.waiting += 1;
    const order = new AbortController();
    const forget = registry.onDrain({ worker, queue, stop: () => order.abort() });
    const unwanted = AbortSignal.any([caller.gone, order.signal]);
    const isWoken = await this.sleep(queue, until - Date.now(), unwanted);
    forget();
    this.waiting -= 1;
    if (isWoken && unwanted.aborted) this.passOn(queue);
  }
}

function unplannedError(): PostaError {
  const problem = "the next run of a schedule could not be added to the queue's store; nothing was leased";
  return new PostaError("unavailable", problem, { retryAfterMs: 500 });
}
