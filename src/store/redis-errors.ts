import { PostaError } from "../errors.js";

/** Replies of a Redis that is there but cannot serve now: loading, failing over, busy. */
const passing = /(^|-)(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOREPLICAS|MISCONF)\b/;
/** Before Redis 7 a script's error has the reply in the middle of its text, behind a "-". */
const full = /(^|-)OOM\b/;

/** What callers know a Redis as. */
export type StoreName = "the queue's store" | "the analytics store";

/** What a failed command means for the caller. The message keeps apart what was not sent and what may have been done. */
export function toStoreError(error: unknown, store: StoreName = "the queue's store"): PostaError {
  if (error instanceof PostaError) return error;
  const { name, message } = cause(error);
  if (/isn't writeable/.test(message)) {
    return unavailable(`${store} cannot be reached; nothing was done`, error);
  }
  if (isMistake(error)) return new PostaError("internal", "internal error", { cause: error });
  if (name !== "ReplyError") {
    const message = `${store} was lost before it answered: the outcome is unknown; try again with the same id`;
    return new PostaError("unavailable", message, { cause: error, retryAfterMs: 500, isUnknown: true });
  }
  if (full.test(message)) {
    return new PostaError("exhausted", `${store} is full; nothing was done`, {
      cause: error,
      retryAfterMs: 5000,
    });
  }
  if (passing.test(message)) return unavailable(`${store} cannot take writes now; nothing was done`, error);
  return new PostaError("internal", "internal error", { cause: error });
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
function cause(error: unknown): Error {
  const { previousErrors } = error as { previousErrors?: Error[] };
  return previousErrors?.[0] ?? (error as Error);
}

/** One of the program, not of the connection. */
function isMistake(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
}

function unavailable(message: string, cause: unknown): PostaError {
  return new PostaError("unavailable", message, { cause, retryAfterMs: 500 });
}
