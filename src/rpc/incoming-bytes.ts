import { PostaError } from "../errors/posta-error.js";

/** What a chunk costs beside its bytes: a client that sends a byte at a time must not fill the memory unseen. */
const chunkOverhead = 256;

export interface IncomingLimits {
  /** What all requests may hold together while they come in, in bytes. */
  maxBytes: number;
  /** How long a request may be on its way, in milliseconds, before others may take its room. */
  patienceMs: number;
}

/** Bytes of one request that is on its way in. */
export interface IncomingShare {
  /** Counts a chunk of so many bytes. Throws exhausted, with a retry delay, if there is no room. */
  hold(bytes: number): void;
  /** Gives all of the bytes back. May be called more than once. */
  release(): void;
}

/**
 * Bounds the bytes of requests that one process holds while they come in. When there is no room, the request that has been
 * on its way for longest is dropped, if that is longer than `patienceMs`. Otherwise the request that needs room is refused.
 * So requests that stop half-way cannot keep others out.
 */
export class IncomingBytes {
  private held = 0;
  /** A Set keeps the order in which the shares began. */
  private readonly shares = new Set<Share>();

  constructor(private readonly limits: IncomingLimits) {}

  /** What is held now. */
  get heldBytes(): number {
    return this.held;
  }

  /** The share of a request. `drop` ends the request, with an exhausted error, when others need its room. */
  begin(drop: (error: PostaError) => void): IncomingShare {
    return new Share(this, drop);
  }

  /** For shares only. */
  add(share: Share, bytes: number): void {
    this.shares.add(share);
    this.held += bytes;
    while (this.held > this.limits.maxBytes) this.makeRoom(share);
  }

  /** For shares only. */
  remove(share: Share, bytes: number): void {
    if (this.shares.delete(share)) this.held -= bytes;
  }

  private makeRoom(asking: Share): void {
    const [oldest] = this.shares;
    const mayDrop = oldest && oldest !== asking && performance.now() - oldest.begun >= this.limits.patienceMs;
    if (!mayDrop) throw this.full();
    oldest.release();
    oldest.drop(this.full());
  }

  private full(): PostaError {
    const problem = `over ${this.limits.maxBytes} bytes of requests are on their way into this server; nothing was done`;
    return new PostaError("exhausted", problem, { retryAfterMs: 1000 });
  }
}

class Share implements IncomingShare {
  /** On performance.now()'s clock. */
  readonly begun = performance.now();
  private bytes = 0;

  constructor(
    private readonly all: IncomingBytes,
    readonly drop: (error: PostaError) => void,
  ) {}

  hold(bytes: number): void {
    this.bytes += bytes + chunkOverhead;
    this.all.add(this, bytes + chunkOverhead);
  }

  release(): void {
    this.all.remove(this, this.bytes);
    this.bytes = 0;
  }
}
