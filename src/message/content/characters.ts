import { invalid } from "../../errors/posta-error.js";

/** How a text may be laid out. */
export type Layout = "one-line" | "lines";

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
const controls = { "one-line": /[\u0000-\u001f\u007f]/, lines: /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/ };

/**
 * Throws invalid unless a text is there, of at most `max` characters, well-formed and free of control characters. The Cloud API
 * takes a text of nothing but blanks for none.
 */
export function requireCharacters(text: string, field: string, max: number, layout: Layout = "one-line"): void {
  if (text === "") throw invalid(field, "is required");
  if (!/\S/.test(text)) throw invalid(field, "is blank");
  requireFewCharacters(text, field, max, layout);
}

/** The same for a text that may be empty. What it says stays out of the error: it may be personal, and errors are logged. */
export function requireFewCharacters(text: string, field: string, max: number, layout: Layout = "one-line"): void {
  if (text.length > max) {
    const count = countCharacters(text);
    if (count > max) throw invalid(field, `${count} characters is over ${max}`);
  }
  const at = text.search(controls[layout]);
  if (at >= 0) throw invalid(field, `has a ${nameOf(text.charCodeAt(at), layout)} as character ${at + 1}`);
  if (!text.isWellFormed()) throw invalid(field, "is not valid UTF-8");
}

/** The same for a text that goes into a template: the Cloud API takes no more than 4 blanks in a row there. */
export function requireInsert(text: string, field: string, max: number): void {
  requireCharacters(text, field, max);
  const at = text.indexOf("     ");
  if (at >= 0) throw invalid(field, `has more than 4 blanks in a row from character ${at + 1} on`);
}

/** Unicode's code points: an emoji counts once, not by its UTF-16 units. */
function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function nameOf(unit: number, layout: Layout): string {
  return layout === "one-line" && (unit === 10 || unit === 13) ? "line break" : "control character";
}
