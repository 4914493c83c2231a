import { setTimeout as sleep } from "node:timers/promises";
import { PostaError } from "../errors/posta-error.js";
import type { Logger } from "../telemetry/log/log.js";
import { ToldProblems } from "../telemetry/log/told-problems.js";

export interface LoopOptions {
  /** For the log: "partitions". */
  name: string;
  /** The pause after a run that succeeded, in milliseconds. */
  everyMs: number;
  /** The random part of each pause, as a share of `everyMs`: 0.2 makes a pause up to 20% longer or shorter. */
  jitter?: number;
  /** The pause after a run that failed, in milliseconds. */
  retryMs: number;
}

/**
 * Repeats work in the background, one run at a time. A run that fails is tried again. The same failure is logged only
 * once until the work succeeds.
 */
export class Loop {
  private readonly stopping = new AbortController();
  private pause = new AbortController();
  private running: Promise<void> | undefined;
  private readonly told = new ToldProblems();

  constructor(
    private readonly options: LoopOptions,
    private readonly log: Logger,
    /** The signal tells a long run to end early. */
    private readonly work: (stopping: AbortSignal) => Promise<void>,
  ) {}

  start(): void {
    this.running ??= this.run();
  }

  /** Starts the next run at once, or right after the run that is under way. */
  wake(): void {
    this.pause.abort();
  }

  /** Lets a run that is under way finish. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    const { everyMs, jitter = 0, retryMs } = this.options;
    const { signal } = this.stopping;
    while (!signal.aborted) {
      this.pause = new AbortController();
      const done = await this.attempt();
      const pauseMs = done ? everyMs * (1 + jitter * (2 * Math.random() - 1)) : retryMs;
      await sleep(pauseMs, undefined, { signal: this.pause.signal }).catch(() => {}); // Woken.
    }
  }

  private async attempt(): Promise<boolean> {
    try {
      await this.work(this.stopping.signal);
      this.told.clear();
      return true;
    } catch (error) {
      this.explain(error as Error);
      return false;
    }
  }

  private explain(error: Error): void {
    // The store itself logs that it is out of reach.
    if (error instanceof PostaError && error.code === "unavailable") return;
    if (!this.told.isNew(error.message)) return;
    this.log.error({ err: error }, `${this.options.name}: ${error.message}; trying again`);
  }
}
