import { invalid } from "../../errors/posta-error.js";

/** Enum values of the contract, without their prefix, and what the domain calls them. */
type Words<Word> = Record<string, Word>;

/**
 * What the domain calls a value; undefined for UNSPECIFIED. Throws invalid for a number that the contract has no name for,
 * which comes as that number.
 */
export function toWord<Word>(value: string | number, prefix: string, words: Words<Word>, field: string) {
  const name = String(value);
  if (name === `${prefix}_UNSPECIFIED`) return undefined;
  const short = name.startsWith(`${prefix}_`) ? name.slice(prefix.length + 1) : "";
  const word = Object.hasOwn(words, short) ? words[short] : undefined;
  if (word === undefined) throw invalid(field, `${value} is none of ${Object.keys(words).join(", ")}`);
  return word;
}
