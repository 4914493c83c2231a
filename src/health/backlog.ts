/** The work that waits in the queues. One process of a cluster counts it. */
export interface Backlog {
  /** How long the oldest due job has waited to be begun, in milliseconds. 0: no due job waits. */
  oldestDueAgeMs: number;
  /** In the last minute. Only queues that keep completed jobs count: the others do not show their share of failures. */
  completedPerSecond: number;
  failedPerSecond: number;
  /** When the queues were counted, in milliseconds since 1970. */
  readAt: number;
}

/** The figures of a queue that are needed here. */
interface Figures {
  paused: boolean;
  counts: { completed: number };
  oldestDueAgeMs: number | undefined;
  completedPerSecond: number;
  failedPerSecond: number;
}

/** Adds up queues. The jobs of a paused queue have no age, because they are meant to wait. */
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
