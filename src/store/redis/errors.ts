import { PostaError } from "../../errors/posta-error.js";

/**
 * Replies of a Redis that is there but cannot serve now: it loads, fails over or is busy, its slots move, or its operator has changed what
 * Posta may do. Any other reply is INTERNAL: the store is there, and to try again does not help.
 */
const passing =
  /(^|-)(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|BUSY|NOREPLICAS|MISCONF|NOSCRIPT|NOAUTH|NOPERM|WRONGPASS)\b/;
/** Before Redis 7 a script's error has the reply in the middle of its text, behind a "-". */
const full = /(^|-)OOM\b/;

/** Errors of ioredis for a command that it did not send: there was no connection. */
const unsent = /isn't (writeable|ready)/;
/** Errors of ioredis for a connection that ended, or never came about; by their names and, where the name is only Error, by their texts. */
const lostNames = new Set([
  "AbortError",
  "InterruptError",
  "ParserError",
  "MaxRetriesPerRequestError",
  "ClusterAllFailedError",
]);
const lostTexts =
  /connection is (closed|discarded|aborted)|timed? ?out|none of startup nodes|cluster (is (disconnect|ended)|redirections)|node is disconnected|slots cache|sentinel|ready check failed/i;

/** What callers know a Redis as. */
export type StoreName = "the queue's store" | "the analytics store";

/** What a failed command means for the caller. The message keeps apart what was not sent and what may have been done. */
export function toStoreError(error: unknown, store: StoreName = "the queue's store"): PostaError {
  if (error instanceof PostaError) return error;
  const { name, message, code } = cause(error);
  if (name === "ReplyError") return toReplyError(message, error, store);
  if (unsent.test(message)) return unavailable(`${store} cannot be reached; nothing was done`, error);
  // The system's own errors have codes in letters, and so have Node's errors for a mistake of the program.
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

/** The same for a promise's catch, of the queue's store. */
export function rethrowStoreError(error: unknown): never {
  throw toStoreError(error);
}

/** The same of a question, which changes nothing: it may be asked again without a thought. */
export function toReadError(error: unknown, store: StoreName = "the queue's store"): PostaError {
  const problem = toStoreError(error, store);
  return problem.isUnknown ? unavailable(`${store} was lost before it answered; ask again`, error) : problem;
}

/** Whether a command met a key of another type: nothing of its own can be done with that, and nothing is wrong with Redis. */
export function isWrongType(error: unknown): boolean {
  return (error as Error).message.includes("WRONGTYPE");
}

/** Why a Redis that is there refuses a write, in a few words for people; undefined: that is not what the error means. */
export function toRefusal(error: unknown): string | undefined {
  const { name, message } = error as Error;
  if (name !== "ReplyError") return undefined;
  if (full.test(message)) return "its memory is full";
  const [, , code = ""] = passing.exec(message) ?? [];
  if (code === "MISCONF") return "it cannot write to its disk";
  if (code === "READONLY") return "it is a replica now";
  return code === "" ? undefined : `it answers ${code}`;
}

/** A transaction that Redis refused says only so; why is in the errors of its commands. */
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
