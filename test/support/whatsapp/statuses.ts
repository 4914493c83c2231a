import { drawLatency, type Latency } from "./latency.js";
import type { LedgerEntry } from "./ledger.js";
import { type Change, type Step, statusChange } from "./webhook-body.js";

/** How the statuses of a message come. Shares are from 0 to 1. */
export interface StatusOptions {
  /** From the API's taking the message to each step. */
  sentMs: Latency;
  deliveredMs: Latency;
  readMs: Latency;
  /** Messages that end as failed after sent. */
  failShare: number;
  failCode: number;
  /** Messages whose `delivered` is left out. */
  skipShare: number;
  /** Statuses that come twice. */
  duplicateShare: number;
  /** Messages whose statuses come in any order. */
  shuffleShare: number;
  /** The last step of messages that do not fail. */
  until: "sent" | "delivered" | "read";
}

const steps = ["sent", "delivered", "read"] as const;

/** Lets the steps of each message that was taken come at their times. */
export class Statuses {
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(
    private readonly options: StatusOptions,
    private readonly random: () => number,
    private readonly send: (change: Change) => void,
  ) {}

  /** Steps that are still to come. */
  get pending(): number {
    return this.timers.size;
  }

  follow(entry: LedgerEntry): void {
    for (const { step, ms } of this.plan()) {
      this.schedule(entry, step, ms);
      if (this.happens(this.options.duplicateShare)) this.schedule(entry, step, ms * (1 + 2 * this.random()));
    }
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  private plan(): { step: Step; ms: number }[] {
    const { sentMs, deliveredMs, readMs, failShare, skipShare, shuffleShare, until } = this.options;
    const times = [sentMs, deliveredMs, readMs]
      .map((latency) => drawLatency(latency, this.random))
      .sort((a, b) => a - b);
    const last = this.happens(failShare) ? "failed" : undefined;
    const wanted: Step[] = last ? ["sent", last] : steps.slice(0, steps.indexOf(until) + 1);
    const skipped = wanted.length > 2 && this.happens(skipShare);
    let planned = wanted.map((step, index) => ({ step, ms: times[index] as number }));
    if (skipped) planned = planned.filter(({ step }) => step !== "delivered");
    if (this.happens(shuffleShare)) for (const one of planned) one.ms = this.random() * Math.max(...times);
    return planned;
  }

  private schedule(entry: LedgerEntry, step: Step, ms: number): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.send(statusChange(entry, step, this.options.failCode));
    }, ms);
    this.timers.add(timer);
  }

  private happens(share: number): boolean {
    return share > 0 && this.random() < share;
  }
}
