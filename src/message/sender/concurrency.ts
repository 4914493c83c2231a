import { DelayHistogram } from "../../telemetry/metrics/delay-histogram.js";

/** How often the load is measured. */
export const loadTimes = { name: "load of the senders", everyMs: 1000 };
/** If the 99th percentile of the event loop's delay is above this, the process has too much to do. */
const maxDelayMs = 100;

/**
 * How many requests may be under way at a time. The number is halved when the process is late, and grows by a tenth
 * when it is not.
 */
export class Concurrency {
  private current: number;

  constructor(
    private readonly max: number,
    private readonly onChange: (value: number) => void,
  ) {
    this.current = max;
  }

  get value(): number {
    return this.current;
  }

  adjust(delayMs: number): void {
    const wanted = delayMs > maxDelayMs ? Math.floor(this.current / 2) : Math.ceil(this.current * 1.1);
    const value = Math.min(Math.max(wanted, 1), this.max);
    if (value === this.current) return;
    this.current = value;
    this.onChange(value);
  }
}

/** Measures how late the event loop is, and reports it each second. */
export class LoopDelay {
  private readonly histogram = new DelayHistogram();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly onDelay: (delayMs: number) => void) {}

  start(): void {
    this.histogram.enable();
    this.timer = setInterval(() => {
      this.onDelay(this.histogram.percentileMs(99));
      this.histogram.reset();
    }, loadTimes.everyMs);
  }

  stop(): void {
    clearInterval(this.timer);
    this.histogram.disable();
  }
}
