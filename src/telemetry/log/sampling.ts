/** A line of a kind: so many a second are logged whole, and then one of so many. */
const limits = { perSecond: 20, oneOf: 100 };
/** Kinds that are told apart; those beyond it share their limits. */
const maxKinds = 256;

interface Kind {
  severity: number;
  second: number;
  seen: number;
  /** Left out since the last line of the kind that was logged. */
  leftOut: number;
}

/**
 * Keeps a flood of like lines from being all that the log is. Its memory is bounded: lines are alike by severity and message, and by
 * the method and code of a call.
 */
export class LogSampler {
  private readonly kinds = new Map<string, Kind>();
  private forgot = 0;

  constructor(private readonly now: () => number = Date.now) {}

  /** Whether a line is logged: then how many like it were left out since the last one was; undefined: it is left out. */
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

  /** How many lines were left out that no later line of their kind has told of, by kind and severity; told once. */
  *untold(): Iterable<[string, number, number]> {
    const second = Math.floor(this.now() / 1000);
    for (const [key, { severity, leftOut, ...kind }] of this.kinds) {
      if (kind.second === second) continue; // Perhaps it goes on.
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

  /** Kinds that are over, and of which nothing is to be told. Once a second: under a flood of kinds all are new. */
  private forget(second: number): void {
    if (this.forgot === second) return;
    this.forgot = second;
    for (const [key, kind] of this.kinds) {
      if (kind.second !== second && kind.leftOut === 0) this.kinds.delete(key);
    }
  }
}
