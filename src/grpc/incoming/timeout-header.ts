import type { IncomingHttpHeaders } from "node:http2";

const name = "grpc-timeout";
const unitMs: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };
/** The longest time that a Node timer accepts, in milliseconds. */
const longestMs = 2 ** 31 - 1;

/**
 * Replaces two kinds of time-out that grpc-js misreads:
 * - A time that is too long for a timer: grpc-js would treat it as already over. It becomes the longest possible time.
 * - A malformed text that contains a valid time: grpc-js would accept it. It becomes an empty text, which grpc-js
 *   refuses.
 */
export function correctTimeout(headers: IncomingHttpHeaders): void {
  const given = headers[name];
  if (given === undefined) return;
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(String(given)) ?? [];
  if (!digits || !unit) headers[name] = "";
  else if (Number(digits) * (unitMs[unit] as number) > longestMs) headers[name] = `${Math.floor(longestMs / 1000)}S`;
}
