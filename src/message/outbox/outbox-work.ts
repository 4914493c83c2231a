import type { Mover } from "./move.js";
import type { Sweep } from "./sweep.js";

/**
 * A new leader waits this many milliseconds before it settles lost messages. After an outage of PostgreSQL, other
 * processes may still write the outcomes that they know.
 */
const graceMs = 5000;

/** The leader's work for the outbox. Without a mover, as when no token is set, it only sweeps. */
export class OutboxWork {
  constructor(
    private readonly mover: Mover | undefined,
    private readonly sweep: Sweep,
  ) {}

  /** Whether messages are moved. Without a mover they stay queued. */
  get moves(): boolean {
    return this.mover !== undefined;
  }

  /** Moves due messages into the queues of the sending numbers, step by step. */
  async move(ending: AbortSignal): Promise<void> {
    while ((await this.mover?.moveDue()) && !ending.aborted) {}
  }

  /** Runs every step of the sweep. If a step fails, for example because it takes too long, the others still run. */
  async sweepUp(ledForMs: number): Promise<void> {
    const steps = [
      () => this.sweep.measure(),
      () => (ledForMs > graceMs ? this.sweep.settleLost() : undefined),
      () => this.sweep.expire(),
      () => this.sweep.forget(),
      () => this.mover?.moveForgotten(),
    ];
    let failure: unknown;
    for (const step of steps) {
      await Promise.resolve(step()).catch((error) => {
        failure ??= error;
      });
    }
    if (failure) throw failure;
  }

  /** Another process leads, and counts the outbox. */
  follow(): void {
    this.sweep.follow();
  }
}
