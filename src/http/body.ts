import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { invalid, PostaError, show } from "../errors.js";
import { Unimplemented } from "./failure.js";

const inflate = promisify(gunzip);

/**
 * A request's body, decompressed. Throws exhausted if it is over `limit` bytes, compressed or not, without reading or
 * inflating the rest; invalid for a broken gzip.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity" && encoding !== "gzip") {
    const problem = `content-encoding: ${show(encoding)} is not supported; use gzip or identity`;
    throw new Unimplemented(problem, { "accept-encoding": "gzip" });
  }
  const body = await collectBody(request, limit);
  // Nothing is also what nothing compresses to.
  return encoding === "gzip" && body.length > 0 ? decompress(body, limit) : body;
}

/**
 * The bytes of a request's body as they came. Throws exhausted if they are over `limit`, cancelled if the caller leaves, and
 * what `hold` throws, which is told of the bytes that there are to be held.
 */
export function collectBody(
  request: IncomingMessage,
  limit: number,
  hold: (bytes: number) => void = () => {},
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const refuse = (error: unknown) => {
      request.off("data", take);
      chunks.length = 0;
      reject(error);
    };
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) return refuse(tooLarge(limit));
      try {
        hold(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        refuse(error);
      }
    };
    if (Number(request.headers["content-length"] ?? 0) > limit) refuse(tooLarge(limit));
    else request.on("data", take);
    request.once("end", () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    request.once("close", () => reject(new PostaError("cancelled", "the caller went away")));
  });
}

async function decompress(body: Buffer, limit: number): Promise<Buffer> {
  try {
    return await inflate(body, { maxOutputLength: limit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(limit);
    throw invalid("request", `is not gzip: ${(error as Error).message}`);
  }
}

function tooLarge(limit: number): PostaError {
  return new PostaError("exhausted", `the request is over ${limit} bytes`);
}
