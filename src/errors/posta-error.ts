/**
 * What can go wrong, in the domain's words. src/rpc/status.ts gives each its place among the transport's codes; nothing
 * else knows both.
 */
export type ErrorCode =
  | "invalid" // a field is malformed or out of range
  | "not-found"
  | "wrong-state" // the thing is there, but not in a state that allows this
  | "exists" // the id is taken by other content
  | "exhausted" // too large, over a rate, too many in flight
  | "unavailable" // a store is out of reach
  | "expired" // the caller's deadline passed before the work was written
  | "cancelled" // the caller went away before the work was written
  | "unauthenticated"
  | "forbidden"
  | "internal";

/** What a {@link PostaError} carries beside its code and message. */
export interface ErrorDetail {
  /** The path of the request's field at fault: "jobs[3].options.priority". */
  field?: string | undefined;
  /** How long to wait before trying again, in milliseconds. */
  retryAfterMs?: number | undefined;
  /** Whether the work was done is not known. */
  isUnknown?: boolean;
  /** For the log only; never reaches a caller. */
  cause?: unknown;
}

/**
 * The one error type that the domain throws. Its message is written for the caller, and well-formed: V8's own messages can
 * hold half of a character, with which grpc-js throws where it writes the status.
 */
export class PostaError extends Error {
  override readonly name = "PostaError";
  readonly field: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly isUnknown: boolean;

  constructor(
    readonly code: ErrorCode,
    message: string,
    detail: ErrorDetail = {},
  ) {
    // Before the limit is changed: nothing may throw until it is as it was.
    const text = String(message).toWellFormed();
    const { stackTraceLimit } = Error;
    // Without a stack: a caller never sees one, the log shows the cause's, and it would be most of what a refused item costs.
    // An internal error may be all that a log has of a mistake in Posta.
    if (code !== "internal") Error.stackTraceLimit = 0;
    super(text, { cause: detail.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.field = detail.field;
    this.retryAfterMs = detail.retryAfterMs;
    this.isUnknown = detail.isUnknown ?? false;
  }

  /** The same error of a field that lies under `path`: "name: is required" becomes "jobs[3].name: is required". */
  within(path: string): PostaError {
    if (this.field === undefined) return this;
    const { code, field, message, retryAfterMs, isUnknown, cause } = this;
    return new PostaError(code, `${path}.${message}`, { field: `${path}.${field}`, retryAfterMs, isUnknown, cause });
  }
}

/** A field at fault: names it, the value and the limit. */
export function invalid(field: string, problem: string): PostaError {
  return new PostaError("invalid", `${field}: ${problem}`, { field });
}

/** A thing that is there, but not in a state that allows what was asked for. */
export function wrongState(message: string): PostaError {
  return new PostaError("wrong-state", message);
}

/** Whatever was thrown, as a PostaError: what is not one already becomes an internal error with a fixed text. */
export function toPostaError(error: unknown): PostaError {
  if (error instanceof PostaError) return error;
  return new PostaError("internal", "internal error", { cause: error });
}

/** A value as it may stand in an error message: quoted, cut to 64 characters. */
export function show(value: string): string {
  return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}...` : value);
}
