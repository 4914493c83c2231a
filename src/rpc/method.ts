import type { ServerDuplexStream, ServerWritableStream } from "@grpc/grpc-js";
import type { Principal } from "./auth/authenticate.js";

/** What a method knows about its call besides the request. */
export interface CallContext {
  readonly principal: Principal;
  /** When the caller stops waiting, in milliseconds since 1970. */
  readonly deadline: number;
  /** True once the caller is gone or has been answered. After that, the method must not write anything. */
  readonly cancelled: boolean;
  /** Aborted once the caller is gone: for methods that wait. Made at the first use, because most calls do not need it. */
  readonly gone: AbortSignal;
  /** The caller's own id of the request (x-request-id), at most 128 characters; undefined: it gave none. */
  readonly requestId: string | undefined;
}

/** What a method with streams knows about its call. */
export interface StreamContext extends CallContext {
  /** How old the call's connection was when the call began, in milliseconds. */
  readonly connectionAgeMs: number;
}

/** How calls are admitted. "settling": they end or keep work that is under way, so that it is not done again. */
export type CallKind = "plain" | "settling";

/** A method with one request and one response. It answers or throws a PostaError. */
export type UnaryMethod<Request, Response> = (request: Request, context: CallContext) => Promise<Response>;

/** A method with a stream in each direction. It returns to end the stream, or throws to end it with an error. */
export type BidiMethod<Request, Response> = (
  stream: ServerDuplexStream<Request, Response>,
  context: StreamContext,
  closing: AbortSignal,
) => Promise<void>;

/** A method with one request and a stream of responses. */
export type ServerStreamMethod<Request, Response> = (
  stream: ServerWritableStream<Request, Response>,
  closing: AbortSignal,
) => Promise<void>;

/** Turns methods into handlers of a transport. Each transport has an adapter, so capabilities know no transport. */
export interface Adapter<Handler> {
  unary<Request, Response>(method: UnaryMethod<Request, Response>, kind?: CallKind): Handler;
  bidi<Request, Response>(method: BidiMethod<Request, Response>): Handler;
  serverStream<Request, Response>(method: ServerStreamMethod<Request, Response>): Handler;
}

/** Who may call a service. "callers": if authentication is on, only known callers. "anyone": everyone. */
export type Audience = "callers" | "anyone";
