import type { Waiter } from "../../batching/waiter.js";
import { PostaError, toPostaError } from "../../errors/posta-error.js";

/** How many jobs one script run of a long change touches. Redis serves other clients between two runs. */
export const stepJobs = 1000;

/** Throws expired if the caller no longer waits for a long change. */
export function requireCaller({ cancelled, deadline }: Waiter): void {
  if (cancelled || deadline <= Date.now()) {
    throw new PostaError("expired", "the deadline passed before the change was complete; call again to continue");
  }
}

/** For the catch of a change of several steps. If the store fails in one step, the steps before it are done. */
export function rethrowPartial(thrown: unknown): never {
  const error = toPostaError(thrown);
  if (error.code !== "unavailable" && error.code !== "exhausted") throw error;
  const { code, retryAfterMs, cause, isUnknown } = error;
  const problem = isUnknown ? "the queue's store was lost" : "the queue's store takes no changes now";
  throw new PostaError(code, `${problem}: a part of the change may be done; call again`, { retryAfterMs, cause });
}
