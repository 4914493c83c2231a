import type { IncomingHttpHeaders } from "node:http2";

const name = "grpc-timeout";
const unitMs: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };
/** In milliseconds; a timer takes no longer time. */
const longestMs = 2 ** 31 - 1;

/**
 * Puts a time-out that grpc-js reads rightly in the place of one that grpc-js does not: a long time, of which grpc-js makes one
 * that is over, and a text of which a part looks like a time, which becomes one that grpc-js refuses.
 */
export function correctTimeout(headers: IncomingHttpHeaders): void {
  const given = headers[name];
  if (given === undefined) return;
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(String(given)) ?? [];
  if (!digits || !unit) headers[name] = "";
  else if (Number(digits) * (unitMs[unit] as number) > longestMs) headers[name] = `${Math.floor(longestMs / 1000)}S`;
}
