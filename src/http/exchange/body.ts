import type { IncomingMessage } from "node:http";
import { gunzipSync } from "node:zlib";
import { invalid, PostaError, show } from "../../errors/posta-error.js";
import type { IncomingBytes, IncomingShare } from "../../rpc/incoming-bytes.js";
import { Unimplemented } from "./unimplemented.js";

/** Limits of a body. */
export interface BodyLimits {
  /** Largest size of this body, compressed or not, in bytes. */
  maxMessageBytes: number;
  /** The budget of all bodies that are arriving. */
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
 * The body of a request while it arrives. The body gives its bytes back to the budget however it ends: complete, too
 * large, dropped to make room for others, broken off by the client, or stopped. Code that answers a request before its
 * body is complete must call `stop`, because Node emits no more events for an answered request.
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
   * Reads the body as it arrives, without decompressing it. Call this once. Throws:
   * - exhausted, without reading the rest, if the body is over the limit
   * - exhausted with a retry delay, if the budget is used up
   * - cancelled, if the client leaves
   * - the error that is passed to `stop`
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

  /** Like `collect`, but decompresses the body. Throws invalid for broken gzip. */
  async read(): Promise<Buffer> {
    const body = await this.collect();
    // An empty body is valid gzip here: some clients compress an empty message to zero bytes.
    const isCompressed = this.request.headers["content-encoding"] === "gzip" && body.length > 0;
    return isCompressed ? decompress(body, this.limits.maxMessageBytes) : body;
  }

  /** Ends the reading with an error. Does nothing if the reading has ended. */
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

/** Decompresses synchronously. In the thread pool, many small bodies would grow to their limits at the same time. */
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
