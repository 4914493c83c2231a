import type { Waiter } from "../../batching/waiter.js";
import { PostaError } from "../../errors/posta-error.js";
import type { MarkerWatch } from "./marker-watch.js";
import type { ScheduledRuns } from "./scheduled-runs.js";
import { abandonedError, type LeasedJob, type LeaseRequest } from "./work.js";
import type { LeaseAnswer, WorkBatcher } from "./work-batcher.js";
import type { WorkedQueues } from "./worked-queues.js";

/** An answer should leave this long before its caller stops waiting, in milliseconds. */
const answerMs = 1000;

export interface LeaserParts {
  batcher: WorkBatcher;
  watch: MarkerWatch;
  scheduled: ScheduledRuns;
  worked: WorkedQueues;
  /** The most calls that wait for jobs at a time. */
  maxWaiting: number;
}

/** Leases jobs to workers, who may wait for them. */
export class Leaser {
  /** Jobs that were leased. */
  leased = 0;

  constructor(private readonly parts: LeaserParts) {}

  /**
   * Leases jobs, or waits up to `waitMs` for the first. Rejects with a PostaError: the store failed, or too many wait.
   * Jobs that were leased to a caller who is gone go back in line at once.
   */
  async lease(queue: string, request: LeaseRequest, waitMs: number, caller: Waiter): Promise<LeasedJob[]> {
    const until = Math.min(Date.now() + waitMs, caller.deadline - answerMs);
    for (;;) {
      const { jobs, hint } = await this.ask(queue, request, caller);
      if (jobs.length > 0) return this.hand(queue, jobs, caller);
      const leftMs = until - Date.now();
      if (leftMs <= 0 || caller.cancelled || this.parts.watch.isClosed) return [];
      if (hint.retryMs !== undefined) this.parts.watch.wakeAfter(queue, Math.max(hint.retryMs, 1));
      this.requireRoom();
      await this.parts.watch.sleep(queue, leftMs);
    }
  }

  private ask(queue: string, request: LeaseRequest, caller: Waiter): Promise<LeaseAnswer> {
    this.parts.worked.note(queue, request.leaseMs);
    return this.parts.batcher.lease(queue, request, caller);
  }

  private async hand(queue: string, jobs: LeasedJob[], caller: Waiter): Promise<LeasedJob[]> {
    if (jobs.some(({ schedule }) => schedule !== undefined)) await this.parts.scheduled.planNext(queue, jobs);
    if (caller.cancelled) {
      const outcome = { kind: "release" } as const;
      await this.parts.batcher.report(
        queue,
        jobs.map(({ id, token }) => ({ jobId: id, token, outcome })),
      );
      throw abandonedError();
    }
    this.leased += jobs.length;
    return jobs;
  }

  private requireRoom(): void {
    const { watch, maxWaiting } = this.parts;
    if (watch.size < maxWaiting) return;
    const problem = `over ${maxWaiting} calls wait for jobs in this server; nothing was leased`;
    throw new PostaError("exhausted", problem, { retryAfterMs: 1000 });
  }
}
