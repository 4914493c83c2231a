import { PostaError } from "../../errors/posta-error.js";

/**
 * Replies of a Redis that answers but cannot serve now. It loads, fails over or is busy, its slots move, or its
 * operator has changed what Posta may do. Any other reply is INTERNAL: Redis answers, and to try again does not help.
 */
const passing =
  /(^|-)(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|BUSY|NOREPLICAS|MISCONF|NOSCRIPT|NOAUTH|NOPERM|WRONGPASS)\b/;
/** Before Redis 7 a script's error has the reply in the middle of its text, behind a "-". */
const full = /(^|-)OOM\b/;

/** Errors of ioredis for a command that it did not send: there was no connection. */
const unsent = /isn't (writeable|ready)/;
/**
 * Errors of ioredis for a connection that ended, or was never made: by their names or, where the name is only "Error",
 * by their texts.
 */
const lostNames = new Set([
  "AbortError",
  "InterruptError",
  "ParserError",
  "MaxRetriesPerRequestError",
  "ClusterAllFailedError",
]);
const lostTexts =
  /connection is (closed|discarded|aborted)|timed? ?out|none of startup nodes|cluster (is (disconnect|ended)|redirections)|node is disconnected|slots cache|sentinel|ready check failed/i;

/** The name of a Redis in errors for callers. */
export type StoreName = "the queue's store" | "the analytics store";

/** What a failed command means for the caller. The message says if nothing was done, or if the outcome is unknown. */
export function toStoreError(error: unknown, store: StoreName = "the queue's store"): PostaError {
  if (error instanceof PostaError) return error;
  const { name, message, code } = cause(error);
  if (name === "ReplyError") return toReplyError(message, error, store);
  if (unsent.test(message)) return unavailable(`${store} cannot be reached; nothing was done`, error);
  // System errors have codes in letters, but so have Node's errors for a mistake in the program.
  const isMistake = error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
  if (!isMistake && (typeof code === "string" || lostNames.has(name) || lostTexts.test(message))) {
    const text = `${store} was lost before it answered: the outcome is unknown; try again with the same id`;
    return new PostaError("unavailable", text, { cause: error, retryAfterMs: 500, isUnknown: true });
  }
  return internal(error);
}

function toReplyError(reply: string, error: unknown, store: StoreName): PostaError {
  if (full.test(reply)) {
    return new PostaError("exhausted", `${store} is full; nothing was done`, { cause: error, retryAfterMs: 5000 });
  }
  if (passing.test(reply)) return unavailable(`${store} cannot take writes now; nothing was done`, error);
  return internal(error);
}

/** {@link toStoreError} for a promise's catch, for the queue's store. */
export function rethrowStoreError(error: unknown): never {
  throw toStoreError(error);
}

/** {@link toStoreError} for a read. A read changes nothing, so the caller may simply ask again. */
export function toReadError(error: unknown, store: StoreName = "the queue's store"): PostaError {
  const problem = toStoreError(error, store);
  return problem.isUnknown ? unavailable(`${store} was lost before it answered; ask again`, error) : problem;
}

/** Whether a command met a key of another type. The command cannot work on that key, but Redis is in order. */
export function isWrongType(error: unknown): boolean {
  return (error as Error).message.includes("WRONGTYPE");
}

/** Why a Redis that answers refuses a write, in a few words for people. Undefined: the error is no refusal. */
export function toRefusal(error: unknown): string | undefined {
  const { name, message } = error as Error;
  if (name !== "ReplyError") return undefined;
  if (full.test(message)) return "its memory is full";
  const [, , code = ""] = passing.exec(message) ?? [];
  if (code === "MISCONF") return "it cannot write to its disk";
  if (code === "READONLY") return "it is a replica now";
  return code === "" ? undefined : `it answers ${code}`;
}

/** The error of a refused transaction has no reason. The errors of its commands have the reason. */
function cause(error: unknown): Error & { code?: unknown } {
  const { previousErrors } = error as { previousErrors?: Error[] };
  return previousErrors?.[0] ?? (error as Error);
}

function internal(cause: unknown): PostaError {
  return new PostaError("internal", "internal error", { cause });
}

function unavailable(message: string, cause: unknown): PostaError {
  return new PostaError("unavailable", message, { cause, retryAfterMs: 500 });
}
