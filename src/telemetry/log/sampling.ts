/** Limits for each kind of line. The log has the first `perSecond` lines of a second, and then every `oneOf`th line. */
const limits = { perSecond: 20, oneOf: 100 };
/** At most this many kinds have limits of their own. All further kinds of one severity share their limits. */
const maxKinds = 256;

interface Kind {
  severity: number;
  second: number;
  seen: number;
  /** Lines left out since the last logged line of this kind. */
  leftOut: number;
}

/**
 * Keeps a flood of similar lines from filling the log. Lines are of one kind if they have the same severity and
 * message, and the same method and code of a call. The number of kinds is limited, and so is the memory.
 */
export class LogSampler {
  private readonly kinds = new Map<string, Kind>();
  private forgot = 0;

  constructor(private readonly now: () => number = Date.now) {}

  /**
   * Decides whether to log a line. A number: log the line; this many lines of its kind were left out before it.
   * undefined: leave the line out.
   */
  admit(key: string, severity: number): number | undefined {
    const second = Math.floor(this.now() / 1000);
    const kind = this.kindOf(key, severity, second);
    if (kind.second !== second) {
      kind.second = second;
      kind.seen = 0;
    }
    kind.seen += 1;
    const { seen, leftOut } = kind;
    if (seen > limits.perSecond && (seen - limits.perSecond) % limits.oneOf !== 0) {
      kind.leftOut += 1;
      return undefined;
    }
    kind.leftOut = 0;
    return leftOut;
  }

  /**
   * Yields the kind, the severity and the number of lines that were left out and that no later line has reported.
   * Yields each kind once, after its flood has ended.
   */
  *untold(): Iterable<[string, number, number]> {
    const second = Math.floor(this.now() / 1000);
    for (const [key, { severity, leftOut, ...kind }] of this.kinds) {
      if (kind.second === second) continue; // The flood may still go on.
      this.kinds.delete(key);
      if (leftOut > 0) yield [key.slice(key.indexOf(" ") + 1), severity, leftOut];
    }
  }

  get hasUntold(): boolean {
    return [...this.kinds.values()].some(({ leftOut }) => leftOut > 0);
  }

  private kindOf(text: string, severity: number, second: number): Kind {
    const key = `${severity} ${text}`;
    if (!this.kinds.has(key) && this.kinds.size >= maxKinds) this.forget(second);
    const name = this.kinds.has(key) || this.kinds.size < maxKinds ? key : `${severity} other lines`;
    const found = this.kinds.get(name) ?? { severity, second, seen: 0, leftOut: 0 };
    this.kinds.set(name, found);
    return found;
  }

  /**
   * Forgets kinds that are over and have nothing left to report. Runs at most once a second: in a flood of new kinds,
   * another run in the same second would find nothing.
   */
  private forget(second: number): void {
    if (this.forgot === second) return;
    this.forgot = second;
    for (const [key, kind] of this.kinds) {
      if (kind.second !== second && kind.leftOut === 0) this.kinds.delete(key);
    }
  }
}
