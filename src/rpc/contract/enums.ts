import { invalid } from "../../errors/posta-error.js";

/** The domain's words for enum values of the contract. The keys are the values' names without their prefix. */
type Words<Word> = Record<string, Word>;

/**
 * The domain's word for a value; undefined for UNSPECIFIED. Throws invalid for a number without a name in the contract;
 * the decoder passes such a value as the number.
 */
export function toWord<Word>(value: string | number, prefix: string, words: Words<Word>, field: string) {
  const name = String(value);
  if (name === `${prefix}_UNSPECIFIED`) return undefined;
  const short = name.startsWith(`${prefix}_`) ? name.slice(prefix.length + 1) : "";
  const word = Object.hasOwn(words, short) ? words[short] : undefined;
  if (word === undefined) throw invalid(field, `${value} is none of ${Object.keys(words).join(", ")}`);
  return word;
}
