/** How fast messages may come. */
export interface LimitOptions {
  /** Messages a second from one number. 0: no limit. */
  rate: number;
  /** To one recipient: this many at once, */
  pairBurst: number;
  /** and then one in so many milliseconds. 0: no limit. */
  pairIntervalMs: number;
}

/** At most so many in any second that ends now: strict, as no bucket is that gives out a whole second's share at once. */
export class SlidingSecond {
  private readonly times = new Map<string, number[]>();

  constructor(private readonly rate: number) {}

  take(sender: string, now: number): boolean {
    if (this.rate === 0) return true;
    const times = this.times.get(sender) ?? [];
    this.times.set(sender, times);
    while (times[0] !== undefined && times[0] <= now - 1000) times.shift();
    if (times.length >= this.rate) return false;
    times.push(now);
    return true;
  }
}

/** A bucket of tokens for each pair of sender and recipient. */
export class PairLimit {
  private readonly pairs = new Map<string, { tokens: number; at: number }>();

  constructor(
    private readonly burst: number,
    private readonly intervalMs: number,
  ) {}

  take(sender: string, to: string, now: number): boolean {
    if (this.intervalMs === 0) return true;
    const key = `${sender} ${to}`;
    const { tokens, at } = this.pairs.get(key) ?? { tokens: this.burst, at: now };
    const filled = Math.min(this.burst, tokens + (now - at) / this.intervalMs);
    const granted = filled >= 1;
    this.pairs.set(key, { tokens: granted ? filled - 1 : filled, at: now });
    return granted;
  }
}
