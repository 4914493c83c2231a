import { PostaError } from "../errors/posta-error.js";

/** Cost of a chunk beyond its bytes. Without it, a client that sends single bytes could fill the memory unnoticed. */
const chunkOverhead = 256;

export interface IncomingLimits {
  /** What all requests together may hold while they arrive, in bytes. */
  maxBytes: number;
  /** After this time, in milliseconds, a request that is still arriving may be dropped to make room for others. */
  patienceMs: number;
}

/** The bytes of one request that is still arriving. */
export interface IncomingShare {
  /** Counts a chunk of `bytes` bytes. Throws exhausted, with a retry delay, if the budget is used up. */
  hold(bytes: number): void;
  /** Gives all of the bytes back. May be called more than once. */
  release(): void;
}

/**
 * Bounds the bytes that one process holds of requests that are still arriving. When the budget is used up, the oldest
 * of these requests is dropped if it is older than `patienceMs`. Otherwise the request that needs the bytes is refused.
 * So requests that stop half-way cannot keep others out.
 */
export class IncomingBytes {
  private held = 0;
  /** A Set keeps the order in which the shares began. */
  private readonly shares = new Set<Share>();

  constructor(private readonly limits: IncomingLimits) {}

  /** The bytes held now. */
  get heldBytes(): number {
    return this.held;
  }

  /** The share of a request. `drop` ends the request, with an exhausted error, when other requests need its bytes. */
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
