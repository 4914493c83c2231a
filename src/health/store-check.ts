import type { Check, Reading } from "./check.js";

/** Silence that makes a store count as hanging, and an answer that was slow. In milliseconds. */
const [patienceMs, slowMs] = [1000, 500];

/** What a store tells of itself, from its heartbeat. */
export interface Store {
  readonly usable: boolean;
  readonly isLost: boolean;
  /** For how long it has not answered; absent: it tells by `usable` that it hangs. */
  readonly silentMs?: number;
  /** Why it takes no writes, though it answers. */
  readonly refusal?: string | undefined;
  /** Why it cannot be used yet, though it answers: a part of a sentence. */
  readonly schemaProblem?: string | undefined;
  on(event: "usable", listener: (usable: boolean) => void): unknown;
  on(event: "answered", listener: (ms: number) => void): unknown;
}

/** Whether a store is there, and how fast. The store asks itself all the time: nothing is sent for this. */
export class StoreCheck implements Check {
  private latencyMs: number | undefined;

  constructor(
    readonly name: string,
    private readonly title: string,
    private readonly store: Store,
    /** What it is while the store takes no writes: DOWN where nothing takes them instead. */
    private readonly whenRefused: "DEGRADED" | "DOWN" = "DOWN",
  ) {
    store.on("answered", (ms) => {
      this.latencyMs = Math.round(ms * 100) / 100;
    });
  }

  read(): Reading {
    const { title, store, latencyMs } = this;
    const { usable, isLost, silentMs = 0, refusal, schemaProblem } = store;
    if (isLost) return { status: "DOWN", latencyMs, detail: `${title} cannot be reached, or does not answer.` };
    if (!usable) return { status: "DOWN", detail: `${title} was not reached yet.`, untried: true };
    if (silentMs > patienceMs) {
      const seconds = (silentMs / 1000).toFixed(1);
      return { status: "DOWN", latencyMs: Math.round(silentMs), detail: `${title} has not answered for ${seconds} s.` };
    }
    if (schemaProblem) return { status: "DOWN", latencyMs, detail: `${schemaProblem}.`, untried: true };
    if (refusal) return { status: this.whenRefused, latencyMs, detail: `${title} takes no writes: ${refusal}.` };
    const isSlow = latencyMs !== undefined && latencyMs > slowMs;
    if (isSlow) return { status: "DEGRADED", latencyMs, detail: `${title} answers slowly.` };
    return { status: "OK", latencyMs, detail: `${title} answers.` };
  }
}
