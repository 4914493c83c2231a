import { PostaError } from "../errors/posta-error.js";

/** The items of a call that may be written: each that was not refused with an error. */
export function acceptedItems<Item>(checked: readonly (Item | PostaError)[]): Item[] {
  return checked.filter((item) => !(item instanceof PostaError)) as Item[];
}

/** The results of a call in the order of its items: its error for an item that was refused, for the others what they became. */
export function mergeResults<Item, Result>(
  checked: readonly (Item | PostaError)[],
  results: (Result | PostaError)[],
): (Result | PostaError)[] {
  if (results.length === checked.length) return results;
  let next = 0;
  return checked.map((item) => (item instanceof PostaError ? item : (results[next++] as Result | PostaError)));
}
