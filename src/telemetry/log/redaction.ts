import { maskPhoneNumbers } from "./phone-numbers.js";

/** Keys whose values are always secret. */
const secretKey =
  /^(auth|authorization|proxy-authorization|cookie|set-cookie)$|(token|secret|password|passwd|passphrase|(?:api|private)[-_]?key|appsecret_proof)s?$/i;
/** Keys under which a number is a phone number. */
const phoneKey = /^(to|from|recipient(_?(id|number))?|phone(_?number)?|wa_?id|msisdn)$/i;
/** Keys of ids. Ids of callers and of BullMQ may be digits only. They stay, as a line without its ids is of no use. */
const idKey = /^(sender|queue|pid|traceId|requestId|jobId|messageId|phoneNumberId)$/;

/** Secrets in a text: after an authorization scheme, in an address, after a name, and Meta's access tokens anywhere. */
const scheme = /\b([Bb][Ee][Aa][Rr][Ee][Rr]\s+(?=[^\s"'<>,;])|[Bb]asic\s+(?=[a-z+/=]*[A-Z\d]))[^\s"'<>,;]+/g;
const login = /(:\/\/[^\s:@/]*):(?!\d{1,5}(?:[/?#;,\s"']|$))[^\s"'<>]{1,256}@/g;
const named =
  /\b((?:access_|verify_)?token|(?:app_?)?secret|password|passwd|api_?key)(["']?\s*[=:]\s*["']?)[^\s"'&,;}]+/gi;
/** Longer names that end in a secret's name. An unquoted word without a digit after the colon is not a value. */
const suffixed =
  /((?:token|secret|password|passwd|api[-_]?key|appsecret_proof)s?["']?\s*(?:=\s*["']?|:\s*["']|:\s*(?=[^\s"']{0,256}\d)))[^\s"'&,;}]+/gi;
const accessToken = /\bEAA[A-Za-z0-9]{20,}/g;

const maxDepth = 6;
const maxItems = 100;

/** Hides the secrets in a text, and all but the last four digits of whatever may be a phone number. */
export function redactText(text: string): string {
  if (text.length < 8) return text;
  return maskPhoneNumbers(hideSecrets(text));
}

/** Makes a redacted copy of a value for the log, with the values inside it. The value itself is not changed. */
export function redactValue(value: unknown, key = "", depth = 0): unknown {
  if (secretKey.test(key)) return value === undefined ? value : "[redacted]";
  if (typeof value === "string") return idKey.test(key) ? hideSecrets(value) : redactText(value);
  if (phoneKey.test(key) && (typeof value === "number" || typeof value === "bigint")) return redactText(String(value));
  if (typeof value !== "object" || value === null) return value;
  // The Redis client puts a command and its arguments into its errors. One of the arguments may be a password.
  if (key === "command") return redactValue((value as { name?: unknown }).name, key, depth + 1);
  if (depth >= maxDepth) return "[too deep]";
  if (Array.isArray(value)) return value.slice(0, maxItems).map((item) => redactValue(item, key, depth + 1));
  if (Buffer.isBuffer(value)) return `[${value.length} bytes]`;
  if (value instanceof Error) return redactText(String(value));
  if (hasJson(value)) return redactValue(value.toJSON(), key, depth + 1);
  const entries = Object.entries(value).slice(0, maxItems);
  return Object.fromEntries(entries.map(([name, inner]) => [redactText(name), redactValue(inner, name, depth + 1)]));
}

/** For example a Date or a URL. */
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
