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
  /** Takes bytes apart into messages, each with its head of five bytes. */
  decoder: { write(data: Buffer): Buffer[] };
  /** Answers the content of a message with its head. A rejection is the status that the call ends with. */
  decompressMessage(message: Buffer, encoding: string): Buffer | Promise<Buffer>;
}

export function internalsOf(call: ServerInterceptingCallInterface): CallInternals {
  return call as unknown as CallInternals;
}

/** Throws if the version of grpc-js at hand has other parts than this one was written for. */
export function requireInternals(): void {
  const stream = new PassThrough() as unknown as ServerHttp2Stream;
  const handler = { path: "/", type: "unary" } as ConstructorParameters<typeof BaseServerInterceptingCall>[3];
  const call = new BaseServerInterceptingCall(stream, {}, null, handler, {});
  const { stream: kept, decoder, decompressMessage } = internalsOf(call);
  if (kept !== stream || typeof decoder?.write !== "function" || typeof decompressMessage !== "function") {
    throw new Error("grpc-js has changed inside: see src/grpc/call-internals.ts");
  }
}

/** The HTTP/2 servers of a server that is bound. Their sessions and headers are seen nowhere else. */
export function http2ServersOf(server: Server): Http2Server[] {
  const { http2Servers } = server as unknown as { http2Servers?: Map<Http2Server, unknown> };
  if (!http2Servers?.size) throw new Error("grpc-js has changed inside: see src/grpc/call-internals.ts");
  return [...http2Servers.keys()];
}
