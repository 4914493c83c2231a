import { invalid, show } from "./posta-error.js";

/** Throws invalid unless a text is present, within `maxBytes` of UTF-8, well-formed and free of control characters. */
export function requireText(text: string, field: string, maxBytes: number): void {
  if (text === "") throw invalid(field, "is required");
  requireShortText(text, field, maxBytes);
}

/** Like `requireText`, but the text may be empty. */
export function requireShortText(text: string, field: string, maxBytes: number): void {
  // A character takes at most 3 bytes for each unit of its length, so short text needs no counting.
  if (text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes) {
    throw invalid(field, `${show(text)} has ${Buffer.byteLength(text)} bytes, over ${maxBytes}`);
  }
  if (/\p{Cc}/u.test(text)) throw invalid(field, `${show(text)} has a control character`);
  if (!text.isWellFormed()) throw invalid(field, `${show(text)} is not valid UTF-8`);
}

/** Cuts a text to at most `maxBytes` of UTF-8. Does not cut a character in two. */
export function cutText(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  const start = Buffer.allocUnsafe(maxBytes);
  return start.toString("utf8", 0, start.write(text));
}
