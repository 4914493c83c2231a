import { constants, type ServerHttp2Stream } from "node:http2";

/** How long a caller that has its status may still hold its stream, in milliseconds. */
export const farewellMs = 1000;

/**
 * Closes a stream that has not closed in so many milliseconds. A reset at once would overtake what was written. A caller who
 * does not read would hold the stream for ever.
 */
export function closeAfter(stream: ServerHttp2Stream, ms: number): void {
  const timer = setTimeout(() => {
    // Without an error, Node would first wait until the caller has read all that was written.
    stream.close(stream.writableFinished ? constants.NGHTTP2_NO_ERROR : constants.NGHTTP2_CANCEL);
  }, ms).unref();
  stream.once("close", () => clearTimeout(timer));
}
