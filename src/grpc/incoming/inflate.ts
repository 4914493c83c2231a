import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import { Metadata, status } from "@grpc/grpc-js";
import { Semaphore } from "../../batching/semaphore.js";
import { invalid, PostaError, show } from "../../errors/posta-error.js";

const inflaters: Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>> = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
};

/** The encodings of messages that Posta reads, as the header "grpc-accept-encoding" names them. */
export const encodings = ["identity", ...Object.keys(inflaters)];

/** The status for a message, or a call, whose encoding is not in `offered`. */
export function unsupported(encoding: string, offered: readonly string[]) {
  const metadata = new Metadata();
  metadata.set("grpc-accept-encoding", offered.join(","));
  const details = `grpc-encoding: ${show(encoding)} is not supported; use ${offered.join(", ")}`;
  return { code: status.UNIMPLEMENTED, details, metadata };
}

/** Messages that a process inflates at once. Each takes one of the 4 threads that file reads and DNS lookups share. */
const maxAtOnce = 2;

/** Inflates messages, a few at a time, in the order in which they arrived. */
export class Inflater {
  private readonly semaphore = new Semaphore(maxAtOnce);

  /** Throws invalid if the message does not have the encoding, and exhausted if it inflates to over `limit` bytes. */
  async inflate(message: Buffer, encoding: string, limit: number): Promise<Buffer> {
    // Some clients compress an empty message to zero bytes.
    if (message.length === 0) return message;
    await this.semaphore.enter();
    try {
      return await (inflaters[encoding] as (typeof inflaters)[string])(message, { maxOutputLength: limit });
    } catch (error) {
      const { code, message: problem } = error as NodeJS.ErrnoException;
      if (code === "ERR_BUFFER_TOO_LARGE")
        throw new PostaError("exhausted", `the request inflates to over ${limit} bytes`);
      throw invalid("request", `is not ${encoding}: ${problem}`);
    } finally {
      this.semaphore.leave();
    }
  }
}
