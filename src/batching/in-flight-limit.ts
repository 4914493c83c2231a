import { PostaError } from "../errors/posta-error.js";

export interface InFlightLimits {
  items: number;
  /** What the items may weigh together. */
  bytes?: number;
  /** What there may be too many of, for the error: "too many jobs are on their way to the store; nothing was done". */
  full: string;
}

/** Bounds what is under way. Who comes when there is no room is refused, or waits for its turn. */
export class InFlightLimit {
  private items = 0;
  private bytes = 0;
  private scheduled = false;
  private lettingIn = false;
  private emptied: (() => void) | undefined;
  /** Who waits for room, in their order. */
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly limits: InFlightLimits) {}

  /** How many items are in. */
  get size(): number {
    return this.items;
  }

  /** Lets items in, or throws exhausted. One call may overfill it: what it holds is known only once it has been looked at. */
  enter(items: number): void {
    // Who waits was there first.
    const isTaken = this.waiting.length > 0 && !this.lettingIn;
    if (isTaken || !this.hasSpace) throw new PostaError("exhausted", this.limits.full, { retryAfterMs: 250 });
    this.items += items;
  }

  /** What an item that is in weighs. */
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
   * Runs `work`, whose first step is to enter, when there is room: now, or when all who waited before have gone in. Answers
   * what it answers.
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

  /** In a turn of its own: who leaves may be in the middle of choosing what goes next, of what those that enter add to. */
  private letInLater(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.letIn();
      // They may have thought better of it.
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
