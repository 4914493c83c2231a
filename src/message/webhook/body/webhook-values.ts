/** An object of JSON of which nothing is known yet. */
export type JsonObject = Record<string, unknown>;

/** What an index, a subject and a dimension of the analytics take, in bytes. */
const maxTextBytes = 128;
/** A webhook that failed is sent again for 7 days; every time of these days has a partition. */
const maxAgeMs = 28 * 24 * 3_600_000;
const maxLeadMs = 24 * 3_600_000;

/** undefined: it is no object. */
export function toObject(json: unknown): JsonObject | undefined {
  return typeof json === "object" && json !== null && !Array.isArray(json) ? (json as JsonObject) : undefined;
}

/** The items of a list; an object in its place is a list of one. undefined: it is no list. */
export function toList(json: unknown): unknown[] | undefined {
  if (json === undefined || json === null) return [];
  if (Array.isArray(json)) return json;
  return toObject(json) && [json];
}

/** A name or an id, which WhatsApp may also send as a number. undefined: it is none, empty or too long. */
export function toText(json: unknown, maxBytes = maxTextBytes): string | undefined {
  if (typeof json === "number") return Number.isSafeInteger(json) ? String(json) : undefined;
  if (typeof json !== "string") return undefined;
  const text = json.replace(/\p{Cc}/gu, "").toWellFormed();
  return text !== "" && Buffer.byteLength(text) <= maxBytes ? text : undefined;
}

/** A word of WhatsApp's, in lower case. undefined: it is none. A word is no phone number, so it may be logged. */
export function toWord(json: unknown): string | undefined {
  return typeof json === "string" && /^[a-z][a-z_]{0,63}$/i.test(json) ? json.toLowerCase() : undefined;
}

/**
 * A time in seconds since 1970, or in milli-, micro- or nanoseconds, as a text or a number. undefined: it is none, or it is
 * too far from when the webhook came to be true.
 */
export function toTime(json: unknown, receivedAt: Date): Date | undefined {
  if (typeof json !== "number" && (typeof json !== "string" || json.trim() === "")) return undefined;
  let ms = Number(json) * 1000;
  if (!Number.isFinite(ms)) return undefined;
  while (ms >= 1e14) ms /= 1000;
  const leadMs = ms - receivedAt.getTime();
  return leadMs >= -maxAgeMs && leadMs <= maxLeadMs ? new Date(Math.floor(ms)) : undefined;
}

/** JSON that can be read can be nested too deeply to be written: then what is too deep is left out of an object or a list. */
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
