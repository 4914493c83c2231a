import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Session } from "../../store/postgres/session.js";
import { hourMs } from "../time/range.js";
import type { RollUp } from "./roll-up.js";

/** Rolls up the hours that are due, and shows in /metrics how far the roll-up is. */
export class RollUpWork {
  private readonly rolledUntil: Gauge;
  private readonly seconds: Histogram;
  private readonly failures: Counter;

  constructor(
    private readonly rollUp: RollUp,
    metrics: Registry,
  ) {
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

  /** Moves the hours that are due, oldest first, until none is left or the term ends. */
  async run(session: Session, ending: AbortSignal): Promise<void> {
    try {
      while (!ending.aborted && (await this.moveNext(session))) {}
    } catch (error) {
      this.failures.inc();
      throw error;
    }
  }

  /** Another process leads: the hour that this process saw as leader would soon be too old. */
  follow(): void {
    this.rolledUntil.set(0);
  }

  private async moveNext(session: Session): Promise<boolean> {
    const begun = performance.now();
    const hour = await this.rollUp.readHour(session);
    this.show(hour); // Before the roll-up: a roll-up that fails at each hour must show that it is behind.
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
