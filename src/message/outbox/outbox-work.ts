import type { Mover } from "./move.js";
import type { Sweep } from "./sweep.js";

/** After PostgreSQL was away, those who know what became of a message have so long to write it down. */
const graceMs = 5000;

/** What the leader does for the outbox. Without a mover, as where no token is set, it only sweeps. */
export class OutboxWork {
  constructor(
    private readonly mover: Mover | undefined,
    private readonly sweep: Sweep,
  ) {}

  /** Messages stay queued where nothing moves them. */
  get moves(): boolean {
    return this.mover !== undefined;
  }

  /** Moves what is due into the queues of the sending numbers, step by step. */
  async move(ending: AbortSignal): Promise<void> {
    while ((await this.mover?.moveDue()) && !ending.aborted) {}
  }

  /** Takes every step of the sweep. A step that fails, as it takes too long, does not keep the others from being taken. */
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
