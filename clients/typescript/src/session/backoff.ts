/** A session that lasts so long shows that its server works, in milliseconds. */
const lastedMs = 5000;

/** How long to wait before the next session. All workers of a server that died come back, so each waits at random. */
export class Backoff {
  private failures = 0;

  /** Both in milliseconds. */
  constructor(
    private readonly minMs: number,
    private readonly maxMs: number,
  ) {}

  /** After a session that was welcomed at this time, on performance.now()'s clock; undefined: it was not. */
  next(welcomedAt: number | undefined): number {
    if (welcomedAt !== undefined && performance.now() - welcomedAt >= lastedMs) this.failures = 0;
    const most = Math.min(this.minMs * 2 ** this.failures, this.maxMs);
    this.failures = Math.min(this.failures + 1, 30);
    return Math.random() * most;
  }

  /** After a server that stops said so: at once, unless sessions do not last. */
  nextAfterLeave(welcomedAt: number | undefined): number {
    const ms = this.next(welcomedAt);
    return this.failures <= 1 ? 0 : ms;
  }

  /** After a refusal, which only a person can change. */
  slow(): number {
    return this.maxMs * (0.5 + Math.random() / 2);
  }
}
