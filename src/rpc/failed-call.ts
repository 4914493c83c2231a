import { randomBytes } from "node:crypto";
import type { Logger } from "../telemetry/log/log.js";

/** The header that carries a call's id, in and out. */
export const requestIdKey = "x-request-id";

/** What the log says about a failed call. */
export interface FailedCall {
  requestId: string;
  /** The method's path: "/package.Service/Method". */
  method: string;
  /** The name of the call's status: "NOT_FOUND". */
  code: string;
  details: string;
  /** How long the call took, in milliseconds. */
  elapsedMs: number;
  peer: string;
  /** The cause of an internal error. */
  cause: unknown;
}

/** An id for a call that brought none. */
export function newRequestId(): string {
  return randomBytes(12).toString("base64url");
}

/** A caller's own id, cut to what a log line should hold. */
export function boundRequestId(given: string): string {
  return given.slice(0, 128);
}

/** Writes one line for each failed call: an error if Posta is at fault, otherwise a warning. */
export function logFailedCall(log: Logger, { elapsedMs, cause, ...call }: FailedCall): void {
  const line = {
    ...call,
    durationMs: Math.round(elapsedMs * 1000) / 1000,
    ...(cause === undefined ? {} : { err: cause }),
  };
  if (call.code === "INTERNAL" || call.code === "UNKNOWN") log.error(line, "call failed");
  else log.warn(line, "call failed");
}
