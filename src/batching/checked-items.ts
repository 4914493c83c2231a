import { PostaError } from "../errors/posta-error.js";

/** The items of a call that were not refused with an error. */
export function acceptedItems<Item>(checked: readonly (Item | PostaError)[]): Item[] {
  return checked.filter((item) => !(item instanceof PostaError)) as Item[];
}

/** The results of a call in the order of its items. A refused item gets its error. Any other item gets its result. */
export function mergeResults<Item, Result>(
  checked: readonly (Item | PostaError)[],
  results: (Result | PostaError)[],
): (Result | PostaError)[] {
  if (results.length === checked.length) return results;
  let next = 0;
  return checked.map((item) => (item instanceof PostaError ? item : (results[next++] as Result | PostaError)));
}
