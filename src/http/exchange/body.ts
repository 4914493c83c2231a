import type { IncomingMessage } from "node:http";
import { gunzipSync } from "node:zlib";
import { invalid, PostaError, show } from "../../errors/posta-error.js";
import type { IncomingBytes, IncomingShare } from "../../rpc/incoming-bytes.js";
import { Unimplemented } from "./unimplemented.js";

/** How much of a body is taken. */
export interface BodyLimits {
  /** Of this body, compressed or not, in bytes. */
  maxMessageBytes: number;
  /** Of all bodies that come in. */
  incoming: IncomingBytes;
}

/** Throws for a content encoding other than gzip. */
export function requireKnownEncoding({ headers }: IncomingMessage): void {
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding === "identity" || encoding === "gzip") return;
  const problem = `content-encoding: ${show(encoding)} is not supported; use gzip or identity`;
  throw new Unimplemented(problem, { "accept-encoding": "gzip" });
}

/**
 * The body of a request while it comes in. Its bytes are given back however it ends: it is all there, too large, dropped
 * for others, broken off by its client, or stopped. Whoever answers a request before its body is there must stop it: Node
 * tells nothing more of a request that has been answered.
 */
export class IncomingBody {
  private readonly chunks: Buffer[] = [];
  private size = 0;
  private readonly share: IncomingShare;
  private settle: ((error?: unknown) => void) | undefined;

  constructor(
    private readonly request: IncomingMessage,
    private readonly limits: BodyLimits,
  ) {
    this.share = limits.incoming.begin((error) => this.stop(error));
  }

  /**
   * The bytes as they came; to be called once. Throws exhausted if they are over the limit, without reading the rest, or if
   * there is no room for them; cancelled if the client leaves; and what the body is stopped with.
   */
  async collect(): Promise<Buffer> {
    const { request, limits, chunks } = this;
    if (Number(request.headers["content-length"] ?? 0) > limits.maxMessageBytes) throw tooLarge(limits.maxMessageBytes);
    try {
      await this.untilSettled();
      return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    } finally {
      this.share.release();
      chunks.length = 0;
    }
  }

  /** The same, decompressed. Throws invalid for a broken gzip. */
  async read(): Promise<Buffer> {
    const body = await this.collect();
    // Nothing is also what nothing compresses to.
    const isCompressed = this.request.headers["content-encoding"] === "gzip" && body.length > 0;
    return isCompressed ? decompress(body, this.limits.maxMessageBytes) : body;
  }

  /** Ends the reading with an error; does nothing when it has ended. */
  stop(error: unknown): void {
    this.settle?.(error);
  }

  private async untilSettled(): Promise<void> {
    const { request } = this;
    const onEnd = () => this.settle?.();
    const onClose = () => this.stop(new PostaError("cancelled", "the caller went away"));
    request.on("data", this.take).once("end", onEnd).once("close", onClose);
    try {
      await new Promise<void>((resolve, reject) => {
        this.settle = (error) => (error === undefined ? resolve() : reject(error));
      });
    } finally {
      this.settle = undefined;
      request.off("data", this.take).off("end", onEnd).off("close", onClose);
    }
  }

  private readonly take = (chunk: Buffer): void => {
    this.size += chunk.length;
    try {
      if (this.size > this.limits.maxMessageBytes) throw tooLarge(this.limits.maxMessageBytes);
      this.share.hold(chunk.length);
      this.chunks.push(chunk);
    } catch (error) {
      this.stop(error);
    }
  };
}

/** At once, and not by the thread pool: there many small bodies would grow to their limits at the same time. */
function decompress(body: Buffer, limit: number): Buffer {
  try {
    return gunzipSync(body, { maxOutputLength: limit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(limit);
    throw invalid("request", `is not gzip: ${(error as Error).message}`);
  }
}

function tooLarge(limit: number): PostaError {
  return new PostaError("exhausted", `the request is over ${limit} bytes`);
}
