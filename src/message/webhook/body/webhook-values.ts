/** A JSON object that has not been checked yet. */
export type JsonObject = Record<string, unknown>;

/** The longest text for an index, and for a subject and a dimension of the analytics, in bytes. */
const maxTextBytes = 128;
/** WhatsApp sends a failed webhook again for 7 days. Every time within these limits has a partition. */
const maxAgeMs = 28 * 24 * 3_600_000;
const maxLeadMs = 24 * 3_600_000;

/** undefined: the value is not an object. */
export function toObject(json: unknown): JsonObject | undefined {
  return typeof json === "object" && json !== null && !Array.isArray(json) ? (json as JsonObject) : undefined;
}

/**
 * The items of a list. An object counts as a list of one item, a missing value as an empty list. undefined: another
 * value.
 */
export function toList(json: unknown): unknown[] | undefined {
  if (json === undefined || json === null) return [];
  if (Array.isArray(json)) return json;
  return toObject(json) && [json];
}

/**
 * A name or an id. WhatsApp may also send it as a number. undefined: the value is neither, or it is empty or too long.
 */
export function toText(json: unknown, maxBytes = maxTextBytes): string | undefined {
  if (typeof json === "number") return Number.isSafeInteger(json) ? String(json) : undefined;
  if (typeof json !== "string") return undefined;
  const text = json.replace(/\p{Cc}/gu, "").toWellFormed();
  return text !== "" && Buffer.byteLength(text) <= maxBytes ? text : undefined;
}

/**
 * One of WhatsApp's words, in lower case. undefined: the value is not a word. A word is not a phone number, so it may
 * be logged.
 */
export function toWord(json: unknown): string | undefined {
  return typeof json === "string" && /^[a-z][a-z_]{0,63}$/i.test(json) ? json.toLowerCase() : undefined;
}

/**
 * Reads a time since 1970 in seconds, or in milli-, micro- or nanoseconds, as a text or a number. undefined: the value
 * is not a time, or is too far from `receivedAt` to be true.
 */
export function toTime(json: unknown, receivedAt: Date): Date | undefined {
  if (typeof json !== "number" && (typeof json !== "string" || json.trim() === "")) return undefined;
  let ms = Number(json) * 1000;
  if (!Number.isFinite(ms)) return undefined;
  while (ms >= 1e14) ms /= 1000;
  const leadMs = ms - receivedAt.getTime();
  return leadMs >= -maxAgeMs && leadMs <= maxLeadMs ? new Date(Math.floor(ms)) : undefined;
}

/**
 * Writes JSON. A value that JSON.parse() has read may be nested too deeply for JSON.stringify(). In that case a note
 * replaces the parts of an object or a list that are too deep.
 */
export function writeJson(json: unknown): string {
  const text = tryToWrite(json);
  if (text !== undefined) return text;
  const shorten = (value: unknown) => (tryToWrite(value) === undefined ? tooDeep : value);
  if (Array.isArray(json)) return JSON.stringify(json.map(shorten));
  const entries = Object.entries(toObject(json) ?? {}).map(([key, value]) => [key, shorten(value)]);
  return JSON.stringify(Object.fromEntries(entries));
}

const tooDeep = "(nested too deeply)";

function tryToWrite(json: unknown): string | undefined {
  try {
    return JSON.stringify(json);
  } catch {
    return undefined;
  }
}
