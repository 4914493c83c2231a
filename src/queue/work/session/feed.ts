import { setTimeout as sleep } from "node:timers/promises";
import type { Waiter } from "../../../batching/waiter.js";
import { toPostaError } from "../../../errors/posta-error.js";
import type { Logger } from "../../../telemetry/log/log.js";
import type { Leaser } from "../leaser.js";
import type { LeasedJob, LeaseRequest } from "../work.js";

/** The most jobs in one message to a worker: while it works on these, the next are fetched. */
const maxJobs = 50;
/** The most bytes of the jobs in one message. */
const maxBytes = 1 << 20;
/** A feed that sleeps is woken by its queue. This is only the longest sleep, in milliseconds. */
const longSleepMs = 3_600_000;
/** After a failure of the store: a pause of half to one and a half times this, in milliseconds. */
const errorPauseMs = 1000;

export interface FeedParts {
  leaser: Leaser;
  request: Pick<LeaseRequest, "worker" | "leaseMs">;
  /** Whether the worker gets no jobs now: it does not read what it was sent, or it is silent. */
  isFull(): boolean;
  log: Logger;
  /** Sends jobs to the worker. */
  assign(jobs: LeasedJob[]): void;
}

/**
 * Sends the jobs of one queue to a worker's session while the worker has room. A feed asks for jobs only when it has
 * room for them, and sleeps while the queue has none.
 */
export class Feed {
  private change: (() => void) | undefined;
  private running: Promise<void> | undefined;

  constructor(
    readonly queue: string,
    /** The most jobs that the worker takes at a time. */
    public max: number,
    /** Jobs of the queue that the worker has. */
    public inFlight: number,
    private readonly parts: FeedParts,
  ) {}

  /** Sends jobs until `signal` is aborted. */
  start(signal: AbortSignal): void {
    if (this.running) return;
    signal.addEventListener("abort", () => this.change?.(), { once: true });
    this.running = this.run(signal);
  }

  /** Resolves when no job will be sent any more. */
  async untilEnded(): Promise<void> {
    await this.running;
  }

  setMax(max: number): void {
    this.max = max;
    this.change?.();
  }

  /** Counts jobs that the worker has (1), or has no more (-1). */
  count(jobs: number): void {
    this.inFlight += jobs;
    this.change?.();
  }

  /** The worker reads again, or is heard again. */
  goOn(): void {
    this.change?.();
  }

  /** How many jobs the worker has room for. */
  private get room(): number {
    return this.parts.isFull() ? 0 : this.max - this.inFlight;
  }

  private async run(signal: AbortSignal): Promise<void> {
    const waiter: Waiter = {
      deadline: Number.POSITIVE_INFINITY,
      get cancelled() {
        return signal.aborted;
      },
    };
    while (!signal.aborted && !this.parts.leaser.isClosed) {
      if (this.room <= 0) await this.untilChange();
      else await this.feed(waiter, signal);
    }
  }

  private async feed(waiter: Waiter, signal: AbortSignal): Promise<void> {
    const { leaser, request, assign, log } = this.parts;
    const { queue } = this;
    try {
      const jobs = await leaser.take(
        queue,
        { ...request, count: Math.min(this.room, maxJobs), maxBytes, repeatKey: "" },
        waiter,
      );
      this.inFlight += jobs.length;
      if (jobs.length > 0) assign(jobs);
      else if ((await leaser.sleep(queue, longSleepMs, signal)) && (this.room <= 0 || signal.aborted))
        leaser.passOn(queue); // The job is for another: the worker has taken its credit back.
    } catch (error) {
      // A store that fails for a while ends no session: the worker keeps its jobs, and gets others later.
      const { code } = toPostaError(error);
      if (code !== "unavailable" && code !== "expired") log.error({ err: error, queue }, "no jobs can be leased now");
      if (!signal.aborted) await sleep(errorPauseMs * (0.5 + Math.random()), undefined, { signal }).catch(() => {});
    }
  }

  private async untilChange(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.change = resolve;
    });
    this.change = undefined;
  }
}
