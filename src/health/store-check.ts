import type { Check, Reading } from "./check.js";

/** A store that is silent for longer than the first hangs. An answer that takes longer than the second is slow. */
const [patienceMs, slowMs] = [1000, 500];

/** What a store's heartbeat shows. */
export interface Store {
  readonly usable: boolean;
  readonly isLost: boolean;
  /** How long the store has not answered. Absent: `usable` becomes false when the store hangs. */
  readonly silentMs?: number;
  /** Why the store takes no writes, though it answers. */
  readonly refusal?: string | undefined;
  /** Why the store cannot be used yet, though it answers: a part of a sentence. */
  readonly schemaProblem?: string | undefined;
  on(event: "usable", listener: (usable: boolean) => void): unknown;
  on(event: "answered", listener: (ms: number) => void): unknown;
}

/** Whether a store answers, and how fast. This check sends nothing: it reads the store's own heartbeat. */
export class StoreCheck implements Check {
  private latencyMs: number | undefined;

  constructor(
    readonly name: string,
    private readonly title: string,
    private readonly store: Store,
    /** The status while the store takes no writes: DOWN where nothing else takes the writes. */
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
