import { PostaError } from "../errors.js";

/** Replies of a Redis that is there but cannot serve now: loading, failing over, busy. */
const passing = /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOREPLICAS|MISCONF)\b/;

/** What a failed command means for the caller. The message keeps apart what was not sent and what may have been done. */
export function toStoreError(error: unknown): PostaError {
  if (error instanceof PostaError) return error;
  const { name, message } = error as Error;
  if (/isn't writeable/.test(message)) {
    return unavailable("the queue's store cannot be reached; nothing was done", error);
  }
  if (name !== "ReplyError") {
    return unavailable(
      "the queue's store was lost before it answered: the outcome is unknown; try again with the same id",
      error,
    );
  }
  if (/^OOM\b/.test(message)) {
    return new PostaError("exhausted", "the queue's store is full; nothing was done", {
      cause: error,
      retryAfterMs: 5000,
    });
  }
  if (passing.test(message)) return unavailable("the queue's store cannot take writes now; nothing was done", error);
  return new PostaError("internal", "internal error", { cause: error });
}

function unavailable(message: string, cause: unknown): PostaError {
  return new PostaError("unavailable", message, { cause, retryAfterMs: 500 });
}
