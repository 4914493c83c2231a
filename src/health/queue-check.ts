import type { Backlog } from "./backlog.js";
import type { Check, Reading } from "./check.js";

/** If a due job has waited for this long, its workers seem to have forgotten it. */
const oldAfterMs = 300_000;
/** Counts of this age are stale. Time without Redis is left out. POSTA_METRICS_INTERVAL is 10 s at most. */
const staleAfterMs = 20_000;
/** Too many jobs fail if both are reached: this share of the finished jobs, and this rate. Rare failures are fine. */
const tooMany = { share: 0.5, perSecond: 0.2 };

/** What the queues can take. */
export interface Intake {
  /** Jobs can be added, to Redis or to the spool. */
  canAdd(): boolean;
  redis: { readonly usable: boolean; readonly isLost: boolean; readonly refusal: string | undefined };
}

/** Whether jobs can be added, and whether workers process the jobs that wait. */
export class QueueCheck implements Check {
  readonly name = "queue";
  /** When Redis was last seen unusable, in milliseconds since 1970. */
  private unusableAt = 0;

  constructor(
    private readonly intake: Intake,
    private readonly backlog: () => Backlog | undefined,
  ) {}

  read(): Reading {
    const { redis } = this.intake;
    if (!this.intake.canAdd())
      return { status: "DOWN", detail: "Jobs cannot be added.", untried: !redis.usable && !redis.isLost };
    if (!redis.usable || redis.refusal) {
      this.unusableAt = Date.now();
      return { status: "DEGRADED", detail: "Jobs are added to the spool: the queues' Redis takes none." };
    }
    const backlog = this.backlog();
    if (!backlog) return { status: "OK", detail: "Jobs can be added." };
    const uncountedMs = Date.now() - Math.max(backlog.readAt, this.unusableAt);
    if (uncountedMs > staleAfterMs) {
      const detail = `Jobs can be added. Those that wait were not counted for ${Math.round(uncountedMs / 1000)} s.`;
      return { status: "DEGRADED", detail };
    }
    return { status: isHealthy(backlog) ? "OK" : "DEGRADED", detail: `Jobs can be added. ${describe(backlog)}` };
  }
}

function isHealthy(backlog: Backlog): boolean {
  const fails = backlog.failedPerSecond >= tooMany.perSecond && failedShare(backlog) > tooMany.share;
  return backlog.oldestDueAgeMs < oldAfterMs && !fails;
}

function failedShare({ completedPerSecond, failedPerSecond }: Backlog): number {
  return failedPerSecond === 0 ? 0 : failedPerSecond / (completedPerSecond + failedPerSecond);
}

function describe(backlog: Backlog): string {
  const { oldestDueAgeMs } = backlog;
  // Health needs no token, but only callers of a queue may see its name. The admin port's metrics show the name.
  const age = `The oldest that is due has waited for ${(oldestDueAgeMs / 1000).toFixed(1)} s (see posta_queue_oldest_due_age_seconds)`;
  const share = `${(100 * failedShare(backlog)).toFixed(1)}% of those that finished in the last minute failed`;
  return `${oldestDueAgeMs === 0 ? "None that is due waits" : age}; ${share}.`;
}
