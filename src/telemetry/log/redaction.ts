import { maskPhoneNumbers } from "./phone-numbers.js";

/** Keys whose values are secret, whatever is in them. */
const secretKey =
  /^(auth|authorization|proxy-authorization|cookie|set-cookie)$|(token|secret|password|passwd|passphrase|(?:api|private)[-_]?key|appsecret_proof)s?$/i;
/** Keys of numbers that are phone numbers. */
const phoneKey = /^(to|from|recipient(_?(id|number))?|phone(_?number)?|wa_?id|msisdn)$/i;
/** Keys of ids. Those of callers and of BullMQ may be nothing but digits, and without them a line leads nowhere. */
const idKey = /^(sender|queue|pid|traceId|requestId|jobId|messageId|phoneNumberId)$/;

/** What a secret in a text looks like: after its scheme, in an address, behind its name, and Meta's access tokens anywhere. */
const scheme = /\b([Bb][Ee][Aa][Rr][Ee][Rr]\s+(?=[^\s"'<>,;])|[Bb]asic\s+(?=[a-z+/=]*[A-Z\d]))[^\s"'<>,;]+/g;
const login = /(:\/\/[^\s:@/]*):(?!\d{1,5}(?:[/?#;,\s"']|$))[^\s"'<>]{1,256}@/g;
const named =
  /\b((?:access_|verify_)?token|(?:app_?)?secret|password|passwd|api_?key)(["']?\s*[=:]\s*["']?)[^\s"'&,;}]+/gi;
/** At the end of a longer name: there a word behind a colon is no value. */
const suffixed =
  /((?:token|secret|password|passwd|api[-_]?key|appsecret_proof)s?["']?\s*(?:=\s*["']?|:\s*["']|:\s*(?=[^\s"']{0,256}\d)))[^\s"'&,;}]+/gi;
const accessToken = /\bEAA[A-Za-z0-9]{20,}/g;

const maxDepth = 6;
const maxItems = 100;

/** A text without secrets, and with the last four digits only of what may be a phone number. */
export function redactText(text: string): string {
  if (text.length < 8) return text;
  return maskPhoneNumbers(hideSecrets(text));
}

/** A value for the log, however deep. What it is made of is not changed. */
export function redactValue(value: unknown, key = "", depth = 0): unknown {
  if (secretKey.test(key)) return value === undefined ? value : "[redacted]";
  if (typeof value === "string") return idKey.test(key) ? hideSecrets(value) : redactText(value);
  if (phoneKey.test(key) && (typeof value === "number" || typeof value === "bigint")) return redactText(String(value));
  if (typeof value !== "object" || value === null) return value;
  // The client of Redis puts a command and its arguments, among them a password, into its errors.
  if (key === "command") return redactValue((value as { name?: unknown }).name, key, depth + 1);
  if (depth >= maxDepth) return "[too deep]";
  if (Array.isArray(value)) return value.slice(0, maxItems).map((item) => redactValue(item, key, depth + 1));
  if (Buffer.isBuffer(value)) return `[${value.length} bytes]`;
  if (value instanceof Error) return redactText(String(value));
  if (hasJson(value)) return redactValue(value.toJSON(), key, depth + 1);
  const entries = Object.entries(value).slice(0, maxItems);
  return Object.fromEntries(entries.map(([name, inner]) => [redactText(name), redactValue(inner, name, depth + 1)]));
}

/** A date, an address. */
function hasJson(value: object): value is { toJSON(): unknown } {
  return typeof (value as { toJSON?: unknown }).toJSON === "function";
}

function hideSecrets(text: string): string {
  return text
    .replace(scheme, "$1[redacted]")
    .replace(login, "$1:[redacted]@")
    .replace(named, "$1$2[redacted]")
    .replace(suffixed, "$1[redacted]")
    .replace(accessToken, "[redacted]");
}
