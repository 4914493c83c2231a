import { type StatusObject, status } from "@grpc/grpc-js";
import { readRetryInfo, readStatus } from "./contract.js";
import { toMs, type WireError } from "./messages.js";

/** The wait after an error that passes, where Posta asks for none, in milliseconds. */
const defaultMs = 1000;
const passing = new Set([status.DEADLINE_EXCEEDED, status.UNAVAILABLE]);

/**
 * How long to wait until the same may succeed, in milliseconds; undefined: it never will. RESOURCE_EXHAUSTED without a retry
 * delay is the answer to what is too large.
 */
export function toRetryMs({ code, details }: WireError): number | undefined {
  const asked = readDelay(details);
  if (code === status.RESOURCE_EXHAUSTED) return asked;
  return passing.has(code) ? (asked ?? defaultMs) : undefined;
}

/** The error that ended a stream, with its details. */
export function toWireError({ code, details: message, metadata }: StatusObject): WireError {
  const [bytes] = metadata.get("grpc-status-details-bin");
  return { code, message, details: bytes instanceof Buffer ? readStatus(bytes).details : [] };
}

function readDelay(details: WireError["details"]): number | undefined {
  const found = details.find(({ type_url }) => type_url.endsWith("/google.rpc.RetryInfo"));
  const delay = found && readRetryInfo(found.value).retryDelay;
  return delay ? toMs(delay) : undefined;
}
