import { type StatusObject, status } from "@grpc/grpc-js";
import { toRetryMs, toWireError } from "../wire/retry.js";
import { type Entry, isLarge } from "./entry.js";
import type { Outbox } from "./outbox.js";

/**
 * Takes back what a session that ended had sent without an acknowledgement: it is for the next session. An entry that
 * is too large for every server would end that session, too, so it is given up. A server that is only too busy says for how
 * long, and the outbox rests for as long.
 */
export function takeBack(outbox: Outbox, entries: Entry[], end: StatusObject): void {
  const isExhausted = end.code === status.RESOURCE_EXHAUSTED;
  const retryMs = isExhausted ? toRetryMs(toWireError(end)) : undefined;
  if (retryMs !== undefined) outbox.rest(retryMs);
  const largest = isExhausted && retryMs === undefined ? findLargest(entries) : undefined;
  outbox.putBack(entries.filter((entry) => entry !== largest));
  if (largest) outbox.refuse(largest, end.details);
}

/** The entry that a server refused as too large, if one may be that. */
function findLargest(entries: readonly Entry[]): Entry | undefined {
  return entries.filter(isLarge).sort((one, other) => other.bytes - one.bytes)[0];
}
