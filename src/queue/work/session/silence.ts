export interface SilenceParts {
  /** A worker that is silent for so long is quiet, in milliseconds. */
  quietMs: number;
  /** The longest silence, in milliseconds; longer than `quietMs`. */
  mostMs: number;
  /** A quiet worker is heard again. */
  onHeard(): void;
  /** The worker was silent for `mostMs`. */
  onMost(): void;
}

/** Watches how long a worker sends nothing. */
export class Silence {
  /** When the worker was last heard, in milliseconds since 1970. */
  heardAt = Date.now();
  /** The worker may be dead: it has missed its heartbeats. */
  isQuiet = false;
  private timer: NodeJS.Timeout;

  constructor(private readonly parts: SilenceParts) {
    this.timer = this.listen();
  }

  /** Any message of the worker: it is alive. */
  hear(): void {
    this.heardAt = Date.now();
    if (!this.isQuiet) {
      this.timer.refresh();
      return;
    }
    clearTimeout(this.timer);
    this.isQuiet = false;
    this.timer = this.listen();
    this.parts.onHeard();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private listen(): NodeJS.Timeout {
    const { quietMs, mostMs, onMost } = this.parts;
    return setTimeout(() => {
      this.isQuiet = true;
      this.timer = setTimeout(onMost, mostMs - quietMs);
    }, quietMs);
  }
}
