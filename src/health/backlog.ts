/** What the queues have to do, as it is counted once in a cluster. */
export interface Backlog {
  /** Of the job that has been able to run for longest and was not begun, in milliseconds. 0: there is none. */
  oldestDueAgeMs: number;
  /** Of the last minute, of queues that keep jobs that are done: of others nobody knows how many failed for each that did well. */
  completedPerSecond: number;
  failedPerSecond: number;
  /** When it was counted, in milliseconds since 1970. */
  readAt: number;
}

/** A queue's figures, as far as they matter here. */
interface Figures {
  paused: boolean;
  counts: { completed: number };
  oldestDueAgeMs: number | undefined;
  completedPerSecond: number;
  failedPerSecond: number;
}

/** Adds up queues. A paused one is meant to wait. */
export function toBacklog(queues: readonly Figures[], readAt: number): Backlog {
  const backlog = { oldestDueAgeMs: 0, completedPerSecond: 0, failedPerSecond: 0, readAt };
  for (const { paused, counts, oldestDueAgeMs = 0, completedPerSecond, failedPerSecond } of queues) {
    if (counts.completed > 0) {
      backlog.completedPerSecond += completedPerSecond;
      backlog.failedPerSecond += failedPerSecond;
    }
    if (!paused) backlog.oldestDueAgeMs = Math.max(backlog.oldestDueAgeMs, oldestDueAgeMs);
  }
  return backlog;
}
