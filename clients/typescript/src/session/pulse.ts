/** A server that has not answered the hello after this part of the lease, and this many milliseconds, is dead. */
const [welcomePart, minWelcomeMs] = [1 / 6, 1000];
/** So many heartbeats without a pong: the stream is dead. */
const maxUnanswered = 3;
/** How long the server may take to end a stream whose other side has ended, in milliseconds. */
const endMs = 1000;

export interface PulseListener {
  /** It is time for a heartbeat. */
  beat(): void;
  /** The server is dead, as far as the worker can tell. */
  dead(details: string): void;
}

/** Tells whether a session's server is alive: by its welcome, then by its pongs, at last by its end. */
export class Pulse {
  private timer: NodeJS.Timeout;
  private unanswered = 0;

  /** Waits for the welcome to a hello with this lease, in milliseconds. */
  constructor(
    private readonly listener: PulseListener,
    leaseMs: number,
  ) {
    const ms = Math.max(leaseMs * welcomePart, minWelcomeMs);
    this.timer = setTimeout(() => listener.dead(`no welcome came within ${ms} ms`), ms);
  }

  /** The server has welcomed the worker: it is to be sent a heartbeat in each interval, in milliseconds. */
  welcomed(intervalMs: number): void {
    clearTimeout(this.timer);
    this.timer = setInterval(() => this.beat(), intervalMs);
  }

  /** A heartbeat was answered. */
  answered(): void {
    this.unanswered = 0;
  }

  /** The worker has ended its side: the server is to end its own. */
  awaitEnd(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.listener.dead("the server did not end its side"), endMs);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  /** Counted, not timed: after a time in which the event loop was blocked, answers may wait to be read. */
  private beat(): void {
    if (this.unanswered >= maxUnanswered) {
      this.listener.dead(`${maxUnanswered} heartbeats had no answer`);
      return;
    }
    this.unanswered += 1;
    this.listener.beat();
  }
}
