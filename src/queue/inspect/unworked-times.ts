import type { QueueFigures } from "./read-queue.js";

/** A queue at its last read. */
interface Seen {
  /** When somebody last worked on it, or nothing was to do, in milliseconds since 1970. */
  workedAt: number;
  inLine: number;
  dueSinceMs: number | undefined;
}

/**
 * How long the due jobs of each queue have waited while nobody worked on the queue. Redis does not tell when a worker
 * last took a job, and finished jobs may leave no trace. So this compares each read of the queues with the one before.
 */
export class UnworkedTimes {
  private seen = new Map<string, Seen>();

  /** The times in milliseconds, by queue, as of `now`. A queue begins with 0. Forgets queues that were not read. */
  update(queues: readonly QueueFigures[], now: number): Map<string, number> {
    const before = this.seen;
    this.seen = new Map();
    const times = new Map<string, number>();
    for (const figures of queues) {
      const last = before.get(figures.name);
      const inLine = inLineOf(figures);
      const workedAt = last === undefined || isWorked(figures, last) ? now : last.workedAt;
      this.seen.set(figures.name, { workedAt, inLine, dueSinceMs: figures.dueSinceMs });
      times.set(figures.name, now - workedAt);
    }
    return times;
  }
}

/** Whether a worker is there, or none is needed: no job can run, or the queue keeps its jobs back. */
function isWorked(figures: QueueFigures, last: Seen): boolean {
  const { counts, paused, rateLimitedMs, completedPerSecond, failedPerSecond, dueSinceMs } = figures;
  if (dueSinceMs === undefined || paused || rateLimitedMs > 0) return true;
  if (counts.active > 0 || completedPerSecond > 0 || failedPerSecond > 0) return true;
  // Jobs that were taken, and are gone since or in line again. A job that was taken counts as due since then.
  return inLineOf(figures) < last.inLine || dueSinceMs > (last.dueSinceMs ?? 0);
}

/** Due jobs of a queue without workers stay among the delayed ones. */
function inLineOf({ counts }: QueueFigures): number {
  return counts.waiting + counts.prioritized + counts.delayed;
}
