import { setTimeout as sleep } from "node:timers/promises";
import type { Limits } from "./limits.js";

/** How long it waits for a Redis that is away. */
const retryMs = 200;

interface Waiting {
  tell(given: boolean): void;
  timer: NodeJS.Timeout;
}

/**
 * The permits of one number for one process. They are asked for when somebody is ready to send, for all who are, and used
 * at once: so none is missed, and what is sent keeps the time at which it was allowed.
 */
export class Permits {
  private readonly waiting = new Set<Waiting>();
  private asking = false;

  constructor(
    private readonly sender: string,
    private readonly limits: Limits,
  ) {}

  /** Resolves when one message may be sent; to false if that is not within the time. First come, first served. */
  take(withinMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const tell = (given: boolean) => {
        clearTimeout(one.timer);
        this.waiting.delete(one);
        resolve(given);
      };
      const one: Waiting = { tell, timer: setTimeout(() => tell(false), withinMs) };
      this.waiting.add(one);
      if (!this.asking) void this.ask();
    });
  }

  private async ask(): Promise<void> {
    this.asking = true;
    await undefined; // Others of this turn are asked for together.
    while (this.waiting.size > 0) {
      const answer = await this.limits.permits(this.sender, this.waiting.size).catch(() => undefined);
      let left = answer?.given ?? 0;
      for (const one of this.waiting) {
        if (left-- <= 0) break;
        one.tell(true);
      }
      if (this.waiting.size > 0) await sleep(answer?.nextMs ?? retryMs);
    }
    this.asking = false;
  }
}
