import type { ServerDuplexStream, ServerWritableStream } from "@grpc/grpc-js";
import type { Principal } from "./auth/authenticate.js";

/** What a method knows of its call beside the request. */
export interface CallContext {
  readonly principal: Principal;
  /** When the caller stops waiting, in milliseconds since 1970. */
  readonly deadline: number;
  /** True once the caller is gone or has been answered: work not yet written must not be. */
  readonly cancelled: boolean;
  /** The caller's own id of the request (x-request-id), at most 128 characters; undefined: it gave none. */
  readonly requestId: string | undefined;
}

/** A method with one request and one response. It answers or throws a PostaError. */
export type UnaryMethod<Request, Response> = (request: Request, context: CallContext) => Promise<Response>;

/** A method with a stream each way. It ends the stream by returning, or with a status by throwing. */
export type BidiMethod<Request, Response> = (
  stream: ServerDuplexStream<Request, Response>,
  context: CallContext,
  closing: AbortSignal,
) => Promise<void>;

/** A method with one request and a stream of responses. */
export type ServerStreamMethod<Request, Response> = (
  stream: ServerWritableStream<Request, Response>,
  closing: AbortSignal,
) => Promise<void>;

/** Turns methods into what a transport calls. Each transport has one, so that a capability knows of none. */
export interface Adapter<Handler> {
  unary<Request, Response>(method: UnaryMethod<Request, Response>): Handler;
  bidi<Request, Response>(method: BidiMethod<Request, Response>): Handler;
  serverStream<Request, Response>(method: ServerStreamMethod<Request, Response>): Handler;
}

/** Which callers a service is for: those with a token, where there are tokens, or anyone. */
export type Audience = "callers" | "anyone";
