import { monitorEventLoopDelay } from "node:perf_hooks";

/** The histogram's timer wakes the process each time. 20 times a second cost an idle process a third less CPU than 100. */
const resolutionMs = 50;

/**
 * How late the event loop of this process is. Node measures from one run of a timer to the next. The time that the timer
 * waits by design is no delay, and is taken off.
 */
export class DelayHistogram {
  private readonly runs = monitorEventLoopDelay({ resolution: resolutionMs });

  /** Starts to measure. Before that, and after {@link disable}, nothing is recorded. */
  enable(): void {
    this.runs.enable();
  }

  disable(): void {
    this.runs.disable();
  }

  /** Forgets what was measured. */
  reset(): void {
    this.runs.reset();
  }

  get isEmpty(): boolean {
    return this.runs.count === 0;
  }

  get maxMs(): number {
    return toDelayMs(this.runs.max);
  }

  /** `percent` is above 0, and at most 100. */
  percentileMs(percent: number): number {
    return toDelayMs(this.runs.percentile(percent));
  }
}

function toDelayMs(nanoseconds: number): number {
  return Math.max(nanoseconds / 1e6 - resolutionMs, 0);
}
