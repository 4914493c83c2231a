import type { ServerDuplexStream } from "@grpc/grpc-js";

type Stream = Pick<ServerDuplexStream<unknown, unknown>, "on" | "pause" | "resume" | "writableNeedDrain">;

/**
 * Lets a stream buffer one message beyond what its reader has asked for. By default Node buffers 16 while a reader
 * pauses, and each is a decoded message of up to POSTA_MAX_MESSAGE_BYTES. grpc-js creates its streams itself, so this
 * function sets their high-water mark afterwards.
 */
export function readOneAhead(stream: Stream): void {
  (stream as unknown as { _readableState: { highWaterMark: number } })._readableState.highWaterMark = 1;
}

/** Pauses reading while the caller does not read the answers. For handlers that answer each message immediately. */
export function readAsWritten(stream: Stream): void {
  readOneAhead(stream);
  stream.on("data", () => {
    if (stream.writableNeedDrain) stream.pause();
  });
  stream.on("drain", () => stream.resume());
}

/** Pauses reading, or resumes it. */
export function setPaused(
  stream: Pick<ServerDuplexStream<unknown, unknown>, "isPaused" | "pause" | "resume">,
  isPaused: boolean,
): void {
  if (isPaused === stream.isPaused()) return;
  if (isPaused) stream.pause();
  else stream.resume();
}
