import { setTimeout as sleep } from "node:timers/promises";
import type { Limits, Permit } from "./rate-limits.js";

/** How long to wait before asking again if Redis did not answer, in milliseconds. */
const retryMs = 200;

interface Waiting {
  resolve(given: boolean): void;
  timer: NodeJS.Timeout;
}

/**
 * While fewer requests than `coldRequests` are allowed, connections are still being opened. Such requests may arrive up
 * to `coldDelayMs` later than others.
 */
const coldRequests = 20;
const coldDelayMs = 60;
/** After a rest of this many milliseconds sending begins slowly again: the connections are closed by then. */
const restMs = 10_000;

/**
 * The permits of one number for one process. When messages are ready to be sent, the process asks for the permits of
 * all of them together. It uses the permits at once, so each request leaves at the time at which it was allowed.
 * Sending begins slowly. Requests that wait for new connections are late by different times, and would arrive closer
 * together than they were sent.
 */
export class Permits {
  private readonly waiting = new Set<Waiting>();
  private asking = false;
  private underWay = 0;
  /** How many messages may be under way. Each answer adds one. */
  private allowed: number;
  private answeredAt = 0;

  constructor(
    private readonly sender: string,
    private readonly limits: Limits,
  ) {
    this.allowed = limits.isPaced ? 1 : Number.POSITIVE_INFINITY;
  }

  /** Resolves to true when one message may be sent, or to false after `withinMs`. First come, first served. */
  take(withinMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (given: boolean) => {
        clearTimeout(one.timer);
        this.waiting.delete(one);
        resolve(given);
      };
      const one: Waiting = { resolve: settle, timer: setTimeout(() => settle(false), withinMs) };
      this.waiting.add(one);
      if (!this.asking) void this.ask();
    });
  }

  /** The caller reports: a message that had a permit was answered, or was not sent. */
  done(): void {
    this.underWay -= 1;
    this.allowed += 1;
    this.answeredAt = performance.now();
    if (!this.asking) void this.ask();
  }

  private async ask(): Promise<void> {
    this.asking = true;
    await undefined; // Asks once for all that call in this tick of the event loop.
    let unused: Permit | undefined;
    for (let wanted = this.wanted(); wanted > 0; wanted = this.wanted()) {
      const delayMs = this.allowed < coldRequests ? coldDelayMs : 0;
      const permit = await this.limits.permit(this.sender, wanted, delayMs, unused).catch(() => undefined);
      unused = permit?.isStale ? permit : undefined;
      if (permit?.isStale) continue;
      this.give(permit?.count ?? 0);
      if (this.wanted() > 0) await sleep(permit?.nextMs ?? retryMs);
    }
    this.asking = false;
  }

  private wanted(): number {
    const hasRested = this.underWay === 0 && performance.now() - this.answeredAt > restMs;
    if (hasRested && this.limits.isPaced) this.allowed = 1;
    return Math.min(this.waiting.size, this.allowed - this.underWay);
  }

  private give(count: number): void {
    for (const one of [...this.waiting].slice(0, count)) {
      this.underWay += 1;
      one.resolve(true);
    }
  }
}
