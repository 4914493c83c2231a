import { constants, type ServerHttp2Stream } from "node:http2";

/** How long a caller that has its status may keep its stream open, in milliseconds. */
export const farewellMs = 1000;

/**
 * Closes a stream after `ms` milliseconds if it is still open. An immediate reset would overtake the written data.
 * Without a reset, a caller that does not read would keep the stream open for ever.
 */
export function closeAfter(stream: ServerHttp2Stream, ms: number): void {
  const timer = setTimeout(() => {
    // Without an error code, Node would first wait until the caller has read all written data.
    stream.close(stream.writableFinished ? constants.NGHTTP2_NO_ERROR : constants.NGHTTP2_CANCEL);
  }, ms).unref();
  stream.once("close", () => clearTimeout(timer));
}
