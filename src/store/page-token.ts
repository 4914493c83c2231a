import { invalid } from "../errors/posta-error.js";

/** Pages end before this size, so that they fit the 4 MiB that clients take by default. */
export const maxPageBytes = 2 << 20;

/** The largest answer that gRPC clients take, unless they are told otherwise. */
const clientBytes = 4 << 20;
/** The bytes of an answer besides the texts of its one item. */
const answerBytes = 16 << 10;

/** The most bytes for the texts of an item that is alone in its answer. Callers who may send more should take more. */
export function maxItemBytes({ maxMessageBytes }: { maxMessageBytes: number }): number {
  return Math.max(maxMessageBytes, clientBytes) - answerBytes;
}

/** A place in a list, as text that callers pass back without looking into it. */
export function toToken(place: (string | number)[]): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

/**
 * The place that a token names; undefined for the first page. The token's first item must be `kind`, which names the
 * list. `isPlace` checks the rest: tokens can be forged, and scripts must not fail on them.
 */
export function fromToken(
  token: string,
  kind: string,
  isPlace: (place: (string | number)[]) => boolean,
): (string | number)[] | undefined {
  if (token === "") return undefined;
  try {
    const place = JSON.parse(Buffer.from(token, "base64url").toString());
    const isFlat = Array.isArray(place) && place.every((part) => typeof part === "string" || Number.isFinite(part));
    if (isFlat && place[0] === kind && isPlace(place.slice(1))) return place.slice(1);
  } catch {
    // Falls through: it is no token of ours.
  }
  throw invalid("page_token", "is not a next_page_token of this list");
}

/** A page's size: 0 stands for the default. */
export function pageSize(size: number, fallback: number, max: number): number {
  if (size === 0) return fallback;
  if (size < 0) throw invalid("page_size", `${size} is under 0`);
  if (size > max) throw invalid("page_size", `${size} is over ${max}`);
  return size;
}

/** Whether a part of a place is a whole number that is not negative. */
export function isCount(part: string | number | undefined): boolean {
  return Number.isSafeInteger(part) && (part as number) >= 0;
}
