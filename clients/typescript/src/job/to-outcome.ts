import { inspect } from "node:util";
import { type Outcome, toDuration } from "../wire/messages.js";
import { JobCancelled, Postpone, RateLimited, Release, RetryLater, Unrecoverable, WorkerStopped } from "./outcomes.js";

/** Posta cuts at these, in bytes; to send more is a waste. */
const most = { message: 16 << 10, stack: 64 << 10 };

/** The outcome of a handler that returned. Throws for a value that is no JSON. */
export function toCompletion(value: unknown): Outcome {
  return { complete: { returnValueJson: value === undefined ? "" : toJson(value) } };
}

/** JSON text of any value; a value that JSON does not know is null. */
export function toJson(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}

/** The outcome of a handler that threw `error`. `reason`: why its signal was aborted, if it was. */
export function toOutcome(error: unknown, reason: Error | undefined): Outcome {
  if (reason instanceof JobCancelled) return { cancelled: { message: toCancelMessage(error, reason) } };
  if (error instanceof Postpone) return { postpone: { delay: toDuration(error.ms) } };
  if (error instanceof RateLimited) return { rateLimited: { duration: toDuration(error.ms) } };
  if (error instanceof Release) return { release: {} };
  const fail = { fail: { message: toMessage(error), stack: toStack(error) } };
  if (error instanceof Unrecoverable) return { fail: { ...fail.fail, unrecoverable: true } };
  if (error instanceof RetryLater) return { fail: { ...fail.fail, retryDelay: toDuration(error.ms) } };
  // The attempt was cut short by the stop: that is no failure of the job.
  return reason instanceof WorkerStopped ? { release: {} } : fail;
}

/** What went wrong, as a line of text. */
function toMessage(error: unknown): string {
  if (typeof error === "string") return error.slice(0, most.message);
  const text = error instanceof Error ? String(error.message || error.name) : inspect(error);
  return text.slice(0, most.message);
}

function toStack(error: unknown): string {
  return error instanceof Error ? String(error.stack ?? "").slice(0, most.stack) : "";
}

/** What a handler makes of the abort says nothing: then the order's own words do. */
function toCancelMessage(error: unknown, reason: JobCancelled): string {
  const isAbort = error === reason || (error instanceof Error && error.name === "AbortError");
  return isAbort ? reason.message : toMessage(error);
}
