/**
 * What can go wrong, in the domain's words. Only src/rpc/status.ts knows both these codes and the transport's codes,
 * and maps one to the other.
 */
export type ErrorCode =
  | "invalid" // a field is malformed or out of range
  | "not-found"
  | "wrong-state" // the thing exists, but its state does not allow this
  | "exists" // other content already has the id
  | "exhausted" // too large, over a rate, too many in flight
  | "unavailable" // a store is out of reach
  | "expired" // the caller's deadline passed before the work was written
  | "cancelled" // the caller went away before the work was written
  | "unauthenticated"
  | "forbidden"
  | "internal";

/** What a {@link PostaError} carries besides its code and message. */
export interface ErrorDetail {
  /** The path of the field at fault in the request: "jobs[3].options.priority". */
  field?: string | undefined;
  /** How long to wait before trying again, in milliseconds. */
  retryAfterMs?: number | undefined;
  /** true: it is unknown whether the work was done. */
  isUnknown?: boolean;
  /** For the log only; never reaches a caller. */
  cause?: unknown;
}

/**
 * The one error type that the domain throws. Its message is for the caller. The constructor makes the message
 * well-formed, because V8's messages can contain half of a surrogate pair. grpc-js throws when it writes such a text
 * into a status.
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
    // Build the text before changing stackTraceLimit: nothing may throw until the limit is restored.
    const text = String(message).toWellFormed();
    const { stackTraceLimit } = Error;
    // Only internal errors need a stack, because one may be the only trace of a mistake in Posta. For other errors,
    // callers never see a stack, and the log shows the cause's stack. A stack would be most of a refused item's cost.
    if (code !== "internal") Error.stackTraceLimit = 0;
    super(text, { cause: detail.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.field = detail.field;
    this.retryAfterMs = detail.retryAfterMs;
    this.isUnknown = detail.isUnknown ?? false;
  }

  /** The same error with `path` before the field: "name: is required" becomes "jobs[3].name: is required". */
  within(path: string): PostaError {
    if (this.field === undefined) return this;
    const { code, field, message, retryAfterMs, isUnknown, cause } = this;
    return new PostaError(code, `${path}.${message}`, { field: `${path}.${field}`, retryAfterMs, isUnknown, cause });
  }
}

/** An error for a field at fault. `problem` should name the value and the limit. */
export function invalid(field: string, problem: string): PostaError {
  return new PostaError("invalid", `${field}: ${problem}`, { field });
}

/** An error for a thing that exists, but whose state does not allow the request. */
export function wrongState(message: string): PostaError {
  return new PostaError("wrong-state", message);
}

/** Turns any thrown value into a PostaError. A foreign error becomes an internal error with a fixed text. */
export function toPostaError(error: unknown): PostaError {
  if (error instanceof PostaError) return error;
  return new PostaError("internal", "internal error", { cause: error });
}

/** A value in the form for error messages: quoted, and cut to 64 characters. */
export function show(value: string): string {
  return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}...` : value);
}
