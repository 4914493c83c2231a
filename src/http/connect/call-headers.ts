import type { IncomingHttpHeaders } from "node:http";
import { invalid, show } from "../../errors/posta-error.js";

/** Throws invalid for a version of the Connect protocol other than 1. Plain HTTP clients send no version. */
export function requireProtocolVersion(headers: IncomingHttpHeaders): void {
  const version = headers["connect-protocol-version"];
  if (version !== undefined && version !== "1") {
    throw invalid("connect-protocol-version", `${show(String(version))} is not supported; use 1`);
  }
}

/** How long the caller waits, in milliseconds; Infinity: the caller set no limit. Throws invalid. */
export function readTimeoutMs(headers: IncomingHttpHeaders): number {
  const text = headers["connect-timeout-ms"];
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (!/^\d{1,10}$/.test(String(text))) {
    throw invalid("connect-timeout-ms", `${show(String(text))} is not a whole number of at most 10 digits`);
  }
  return Number(text);
}
