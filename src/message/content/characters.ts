import { invalid } from "../../errors/posta-error.js";

/** How a text may be laid out. */
export type Layout = "one-line" | "lines";

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
const controls = { "one-line": /[\u0000-\u001f\u007f]/, lines: /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/ };

/**
 * Throws invalid unless a text has 1 to `max` characters, is well-formed, and has no control characters. A text of only
 * blanks is invalid too, as the Cloud API takes it for an empty text.
 */
export function requireCharacters(text: string, field: string, max: number, layout: Layout = "one-line"): void {
  if (text === "") throw invalid(field, "is required");
  if (!/\S/.test(text)) throw invalid(field, "is blank");
  requireFewCharacters(text, field, max, layout);
}

/**
 * Like requireCharacters(), but the text may be empty or blank. The error does not show the text: it may be personal,
 * and errors are logged.
 */
export function requireFewCharacters(text: string, field: string, max: number, layout: Layout = "one-line"): void {
  if (text.length > max) {
    const count = countCharacters(text);
    if (count > max) throw invalid(field, `${count} characters is over ${max}`);
  }
  const at = text.search(controls[layout]);
  if (at >= 0) throw invalid(field, `has a ${nameOf(text.charCodeAt(at), layout)} as character ${at + 1}`);
  if (!text.isWellFormed()) throw invalid(field, "is not valid UTF-8");
}

/** Like requireCharacters(), for a text in a template. There the Cloud API takes at most 4 blanks in a row. */
export function requireInsert(text: string, field: string, max: number): void {
  requireCharacters(text, field, max);
  const at = text.indexOf("     ");
  if (at >= 0) throw invalid(field, `has more than 4 blanks in a row from character ${at + 1} on`);
}

/** Counts Unicode code points. An emoji counts once, even if it has two UTF-16 units. */
function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function nameOf(unit: number, layout: Layout): string {
  return layout === "one-line" && (unit === 10 || unit === 13) ? "line break" : "control character";
}
