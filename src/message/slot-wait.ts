import { setTimeout as sleep } from "node:timers/promises";
import type { DeliveryMetrics } from "./delivery-metrics.js";
import type { Errand } from "./errand.js";
import type { Limits, Slot } from "./limits.js";

/** A recipient's turn that is nearer is waited for; one that is further away is one for the outbox. */
const patienceMs = 500;
/** How long it waits for a Redis that is away. */
const retryMs = 500;
/** Those that wait for the same thing should not all ask at once. */
const jitterMs = 50;

/** Waits for the moment at which a message of one number may be sent. */
export class SlotWait {
  constructor(
    private readonly sender: string,
    private readonly limits: Limits,
    private readonly metrics: DeliveryMetrics,
    private readonly stopping: AbortSignal,
  ) {}

  /** Resolves to the slot, or to how far away it is; to undefined if there is no more waiting: `goesOn` says no. */
  async take({ id, recipient }: Errand, goesOn: () => boolean): Promise<Exclude<Slot, { kind: "ahead" }> | undefined> {
    while (goesOn()) {
      const slot = await this.limits.take(this.sender, recipient, id).catch(() => undefined);
      if (slot?.kind === "at" || (slot?.kind === "pair" && slot.waitMs > patienceMs)) return slot;
      await this.pause((slot?.waitMs ?? retryMs) + Math.random() * jitterMs);
    }
    return undefined;
  }

  /** Another slot for one that was missed; undefined if there is none near. */
  async takeAgain({ id, recipient }: Errand): Promise<number | undefined> {
    this.metrics.missedSlot();
    const slot = await this.limits.takeAgain(this.sender, recipient, id).catch(() => undefined);
    return slot?.kind === "at" ? slot.timeMs : undefined;
  }

  /** Waits for a moment, but no longer than the process works. */
  async until(timeMs: number): Promise<void> {
    await this.pause(timeMs - Date.now());
  }

  private async pause(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.stopping }).catch(() => {});
  }
}
