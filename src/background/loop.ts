import { setTimeout as sleep } from "node:timers/promises";
import { PostaError } from "../errors/posta-error.js";
import type { Logger } from "../telemetry/log/log.js";

export interface LoopOptions {
  /** For the log: "partitions". */
  name: string;
  /** From the end of a run to the next, in milliseconds. */
  everyMs: number;
  /** The share of `everyMs` by which each pause is longer or shorter, at random. */
  jitter?: number;
  /** The same after a run that failed. */
  retryMs: number;
}

/**
 * Work in the background that is done again and again, never twice at a time. A failure is logged, once until the work
 * succeeds, and tried again.
 */
export class Loop {
  private readonly stopping = new AbortController();
  private pause = new AbortController();
  private running: Promise<void> | undefined;
  private problem: string | undefined;

  constructor(
    private readonly options: LoopOptions,
    private readonly log: Logger,
    /** The signal tells one that takes long to end early. */
    private readonly work: (stopping: AbortSignal) => Promise<void>,
  ) {}

  start(): void {
    this.running ??= this.run();
  }

  /** There is something to do: the next run begins at once, or after the one that is under way. */
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
      this.problem = undefined;
      return true;
    } catch (error) {
      this.explain(error as Error);
      return false;
    }
  }

  private explain(error: Error): void {
    // The store that is out of reach has said so itself.
    if (error instanceof PostaError && error.code === "unavailable") return;
    if (this.problem === error.message) return;
    this.problem = error.message;
    this.log.error({ err: error }, `${this.options.name}: ${error.message}; trying again`);
  }
}
