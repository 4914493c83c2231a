import type { Http2Server, ServerHttp2Stream } from "node:http2";
import { PassThrough } from "node:stream";
import type { Server, ServerInterceptingCallInterface } from "@grpc/grpc-js";
import { BaseServerInterceptingCall } from "@grpc/grpc-js/build/src/server-interceptors.js";

/**
 * The private parts of grpc-js's own call that bytes go through on their way in. There is no public way to them: an interceptor
 * sees messages when they are read, inflated and decoded. grpc-js is pinned, and a start checks that the parts are there.
 */
export interface CallInternals {
  readonly stream: ServerHttp2Stream;
  readonly handler: { deserialize(content: Buffer): unknown };
  /** What the header "grpc-encoding" says; "identity" without one. */
  readonly incomingEncoding: string;
  /** Takes what comes in on the stream, which flows from a read to the message that answers it. */
  handleDataFrame(data: Buffer): void;
  /** Takes the end of what comes in. */
  handleEndEvent(): void;
}

export function internalsOf(call: ServerInterceptingCallInterface): CallInternals {
  return call as unknown as CallInternals;
}

/** The HTTP/2 stream under a handler's stream. */
export function http2StreamOf(stream: object): ServerHttp2Stream {
  return internalsOf((stream as { call: ServerInterceptingCallInterface }).call).stream;
}

/** Throws if the version of grpc-js at hand has other parts than this one was written for. */
export function requireInternals(): void {
  const stream = new PassThrough() as unknown as ServerHttp2Stream;
  const handler = { path: "/", type: "unary" } as ConstructorParameters<typeof BaseServerInterceptingCall>[3];
  const call = internalsOf(new BaseServerInterceptingCall(stream, {}, null, handler, {}));
  const taken: unknown[] = [];
  call.handleDataFrame = (data) => taken.push(data);
  call.handleEndEvent = () => taken.push("end");
  stream.emit("data", "data");
  stream.emit("end");
  const isKnown = call.stream === stream && (call.handler as unknown) === handler;
  if (!isKnown || call.incomingEncoding !== "identity" || taken.join() !== "data,end") {
    throw new Error("grpc-js has changed inside: see src/grpc/incoming/call-internals.ts");
  }
}

/** The HTTP/2 servers of a server that is bound. Their sessions and headers are seen nowhere else. */
export function http2ServersOf(server: Server): Http2Server[] {
  const { http2Servers } = server as unknown as { http2Servers?: Map<Http2Server, unknown> };
  if (!http2Servers?.size) throw new Error("grpc-js has changed inside: see src/grpc/incoming/call-internals.ts");
  return [...http2Servers.keys()];
}
