import type { ServerDuplexStream } from "@grpc/grpc-js";

type Stream = Pick<ServerDuplexStream<unknown, unknown>, "on" | "pause" | "resume" | "writableNeedDrain">;

/**
 * Lets a stream take one message beyond what its reader has asked for. By default Node takes 16 while a reader rests, and
 * each is a decoded message of up to POSTA_MAX_MESSAGE_BYTES. grpc-js makes its streams itself, so their mark is set here.
 */
export function readOneAhead(stream: Stream): void {
  (stream as unknown as { _readableState: { highWaterMark: number } })._readableState.highWaterMark = 1;
}

/** Reads a stream no further while what was written to it waits for its reader: for handlers that answer each message at once. */
export function readAsWritten(stream: Stream): void {
  readOneAhead(stream);
  stream.on("data", () => {
    if (stream.writableNeedDrain) stream.pause();
  });
  stream.on("drain", () => stream.resume());
}
