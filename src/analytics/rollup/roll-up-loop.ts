import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Leader } from "../../background/leader.js";
import { Loop } from "../../background/loop.js";
import type { Logger } from "../../telemetry/log/log.js";
import { hourMs } from "../time/range.js";
import type { RollUp } from "./roll-up.js";

const times = { name: "roll-up of the analytics", everyMs: 15_000, retryMs: 2000 };

/** Rolls up hours as they become due, in the one process that leads. */
export class RollUpLoop {
  private readonly loop: Loop;
  private stopping = false;
  private readonly rolledUntil: Gauge;
  private readonly seconds: Histogram;
  private readonly failures: Counter;

  constructor(
    private readonly rollUp: RollUp,
    private readonly leader: Leader,
    metrics: Registry,
    log: Logger,
  ) {
    this.loop = new Loop(times, log, () => this.run());
    const registers = [metrics];
    this.rolledUntil = new Gauge({
      name: "posta_analytics_rolled_until_timestamp_seconds",
      help: "The end of the last hour that is in the history, as the process that leads sees it; 0: it is another Posta's.",
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
    this.loop.start();
  }

  /** Lets the hour that is being moved be finished. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.loop.stop();
    await this.leader.resign();
  }

  /** Moves what is due; resolves when nothing is, or when another process leads. */
  async run(): Promise<void> {
    try {
      while (!this.stopping && (await this.moveNext())) {}
    } catch (error) {
      this.failures.inc();
      throw error;
    }
  }

  private async moveNext(): Promise<boolean> {
    const session = await this.leader.lead();
    if (!session) {
      this.rolledUntil.set(0); // What it saw when it led would be behind before long.
      return false;
    }
    const begun = performance.now();
    const hour = await this.rollUp.readHour(session);
    this.show(hour); // Whatever becomes of the rest: one that fails at each hour must be seen to be behind.
    const rolled = await this.rollUp.roll(hour, session);
    if (!rolled) return false;
    this.seconds.observe((performance.now() - begun) / 1000);
    this.show(hour + 1);
    return true;
  }

  private show(hour: number): void {
    this.rolledUntil.set((hour * hourMs) / 1000);
  }
}
