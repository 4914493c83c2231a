import type { Backlog } from "./backlog.js";
import type { Check, Reading } from "./check.js";

/** A job that has waited for longer is forgotten by its workers. */
const oldAfterMs = 300_000;
/** Queues that were not counted for so long, while they could have been: POSTA_METRICS_INTERVAL is 10 s at most. */
const staleAfterMs = 20_000;
/** Of the finished jobs, if so many failed a second that it is no accident. */
const tooMany = { share: 0.5, perSecond: 0.2 };

/** What the queues can take. */
export interface Intake {
  /** Jobs can be added, one way or the other. */
  canAdd(): boolean;
  redis: { readonly usable: boolean; readonly isLost: boolean; readonly refusal: string | undefined };
}

/** Whether jobs can be added, and whether workers process the jobs that wait. */
export class QueueCheck implements Check {
  readonly name = "queue";
  /** When Redis could last not be used, in milliseconds since 1970. */
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
    return { status: isWorkedOff(backlog) ? "OK" : "DEGRADED", detail: `Jobs can be added. ${describe(backlog)}` };
  }
}

function isWorkedOff(backlog: Backlog): boolean {
  const fails = backlog.failedPerSecond >= tooMany.perSecond && failedShare(backlog) > tooMany.share;
  return backlog.oldestDueAgeMs < oldAfterMs && !fails;
}

function failedShare({ completedPerSecond, failedPerSecond }: Backlog): number {
  return failedPerSecond === 0 ? 0 : failedPerSecond / (completedPerSecond + failedPerSecond);
}

function describe(backlog: Backlog): string {
  const { oldestDueAgeMs } = backlog;
  // Health needs no token, and a queue's name is for those who may use the queue: the admin port's metrics have it.
  const age = `The oldest that is due has waited for ${(oldestDueAgeMs / 1000).toFixed(1)} s (see posta_queue_oldest_due_age_seconds)`;
  const share = `${(100 * failedShare(backlog)).toFixed(1)}% of those that finished in the last minute failed`;
  return `${oldestDueAgeMs === 0 ? "None that is due waits" : age}; ${share}.`;
}
