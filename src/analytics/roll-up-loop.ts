import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { toPostaError } from "../errors.js";
import type { Logger } from "../log.js";
import type { Leader } from "./leader.js";
import { hourMs } from "./range.js";
import type { RollUp } from "./roll-up.js";

const intervalMs = 15_000;

/** Rolls up hours as they become due, in the one process that leads. */
export class RollUpLoop {
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<void> | undefined;
  private stopped = false;
  private problem: string | undefined;
  private readonly rolledUntil: Gauge;
  private readonly seconds: Histogram;
  private readonly failures: Counter;

  constructor(
    private readonly rollUp: RollUp,
    private readonly leader: Leader,
    metrics: Registry,
    private readonly log: Logger,
  ) {
    const registers = [metrics];
    this.rolledUntil = new Gauge({
      name: "posta_analytics_rolled_until_timestamp_seconds",
      help: "The end of the last hour that is in the history, as the process that leads sees it.",
      aggregator: "max",
      registers,
    });
    this.seconds = new Histogram({
      name: "posta_analytics_roll_up_seconds",
      help: "How long it took to move an hour from Redis into the history.",
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300],
      registers,
    });
    this.failures = new Counter({
      name: "posta_analytics_roll_up_failures_total",
      help: "Attempts to move an hour that failed; they are repeated.",
      registers,
    });
  }

  start(): void {
    this.timer = setInterval(() => this.tick(), intervalMs);
    this.tick();
  }

  /** Lets the hour that is being moved be finished, or its failure be told. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.working;
    await this.leader.resign();
  }

  /** Moves what is due; resolves when nothing is, or at a failure. Never throws. */
  async run(): Promise<void> {
    try {
      while (!this.stopped && (await this.moveNext())) {}
      this.problem = undefined;
    } catch (error) {
      this.failures.inc();
      this.complain(error);
    }
  }

  private tick(): void {
    this.working ??= this.run().finally(() => {
      this.working = undefined;
    });
  }

  private async moveNext(): Promise<boolean> {
    const session = await this.leader.lead();
    if (!session) return false;
    const begun = performance.now();
    const { hour, rolled } = await this.rollUp.next(session);
    this.rolledUntil.set((hour * hourMs) / 1000);
    if (rolled) this.seconds.observe((performance.now() - begun) / 1000);
    return rolled;
  }

  /** Once, until it works again. */
  private complain(thrown: unknown): void {
    const error = toPostaError(thrown);
    if (this.problem !== error.message) this.log.warn({ err: thrown }, "analytics are not rolled up; trying again");
    this.problem = error.message;
  }
}
