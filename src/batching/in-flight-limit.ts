import { PostaError } from "../errors/posta-error.js";

export interface InFlightLimits {
  items: number;
  /** The most bytes of all items together. */
  bytes?: number;
  /** The error text when the limit is reached: "too many jobs are on their way to the store; nothing was done". */
  full: string;
}

/** Limits how much work is under way. A call that finds no space is refused, or waits in line. */
export class InFlightLimit {
  private items = 0;
  private bytes = 0;
  private scheduled = false;
  private lettingIn = false;
  private emptied: (() => void) | undefined;
  /** The calls that wait for space, in their order. */
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly limits: InFlightLimits) {}

  /** How many items are under way. */
  get size(): number {
    return this.items;
  }

  /**
   * Lets items in, or throws exhausted. One call may exceed the limit, because its bytes are known only after a look at
   * its items.
   */
  enter(items: number): void {
    // Calls that already wait go first.
    const isTaken = this.waiting.length > 0 && !this.lettingIn;
    if (isTaken || !this.hasSpace) throw new PostaError("exhausted", this.limits.full, { retryAfterMs: 250 });
    this.items += items;
  }

  /** Adds the bytes of items that were let in. */
  weigh(bytes: number): void {
    this.bytes += bytes;
  }

  leave(items: number, bytes = 0): void {
    this.items -= items;
    this.bytes -= bytes;
    if (this.waiting.length > 0) this.letInLater();
    else if (this.items === 0) this.emptied?.();
  }

  /**
   * Runs `work` when there is space: now, or after all calls that already wait. The first step of `work` must be to
   * enter. Returns the result of `work`.
   */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve) => {
      this.waiting.push(() => resolve(work()));
      this.letIn();
    });
  }

  /** Resolves when nothing is under way. */
  async untilEmpty(): Promise<void> {
    if (this.items === 0 && this.waiting.length === 0) return;
    await new Promise<void>((resolve) => {
      this.emptied = resolve;
    });
  }

  /**
   * Lets calls in on the next turn of the event loop. The code that leaves may be in the middle of choosing its next
   * items, and calls that enter add to those items.
   */
  private letInLater(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.letIn();
      // The calls that were let in may have ended without entering.
      if (this.items === 0 && this.waiting.length === 0) this.emptied?.();
    });
  }

  private letIn(): void {
    this.lettingIn = true;
    while (this.hasSpace && this.waiting.length > 0) this.waiting.shift()?.();
    this.lettingIn = false;
  }

  private get hasSpace(): boolean {
    const { items, bytes = Number.POSITIVE_INFINITY } = this.limits;
    return this.items < items && this.bytes < bytes;
  }
}
