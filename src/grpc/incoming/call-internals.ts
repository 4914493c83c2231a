import type { Http2Server, ServerHttp2Stream } from "node:http2";
import { PassThrough } from "node:stream";
import type { Server, ServerInterceptingCallInterface } from "@grpc/grpc-js";
import { BaseServerInterceptingCall } from "@grpc/grpc-js/build/src/server-interceptors.js";

/**
 * The private parts of grpc-js's call that handle incoming bytes. No public API reaches them: an interceptor sees a
 * message only after it is read, inflated and decoded. So Posta pins the version of grpc-js, and checks these parts at
 * each start.
 */
export interface CallInternals {
  readonly stream: ServerHttp2Stream;
  readonly handler: { deserialize(content: Buffer): unknown };
  /** The value of the header "grpc-encoding"; "identity" without that header. */
  readonly incomingEncoding: string;
  /** Receives the stream's data. The stream flows from a request for a message until the message is delivered. */
  handleDataFrame(data: Buffer): void;
  /** Called at the end of the incoming data. */
  handleEndEvent(): void;
}

export function internalsOf(call: ServerInterceptingCallInterface): CallInternals {
  return call as unknown as CallInternals;
}

/** The HTTP/2 stream under a handler's stream. */
export function http2StreamOf(stream: object): ServerHttp2Stream {
  return internalsOf((stream as { call: ServerInterceptingCallInterface }).call).stream;
}

/** Throws if the installed version of grpc-js lacks the private parts that Posta uses. */
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

/** The HTTP/2 servers of a bound server. Only these servers give access to sessions and headers. */
export function http2ServersOf(server: Server): Http2Server[] {
  const { http2Servers } = server as unknown as { http2Servers?: Map<Http2Server, unknown> };
  if (!http2Servers?.size) throw new Error("grpc-js has changed inside: see src/grpc/incoming/call-internals.ts");
  return [...http2Servers.keys()];
}
