import { maxPageBytes } from "./page-token.js";

/** The next items of a list, and whether the list goes on after them. */
interface Chunk<Item> {
  items: Item[];
  goesOn: boolean;
}

interface Listed {
  id: string;
}

/** What a page is made of. */
export interface PageSource<Item extends Listed> {
  /** The next items after an id, at least one if there is any. */
  read(after: string | undefined, limit: number): Promise<Chunk<Item>>;
  mayShow(item: Item): boolean;
  bytesOf(item: Item): number;
}

/**
 * A page is read in at most this many steps, if the caller may not see every item. After that the page ends early, with
 * a token: no call reads through a whole table.
 */
const maxReads = 10;

/** A page of the items that the caller may see. The next page begins after the id `next`; undefined: the last page. */
export async function readPage<Item extends Listed>(
  source: PageSource<Item>,
  size: number,
  after: string | undefined,
): Promise<{ items: Item[]; next: string | undefined }> {
  const items: Item[] = [];
  let last = after;
  let bytes = 0;
  for (let reads = 0; reads < maxReads; reads += 1) {
    const chunk = await source.read(last, size);
    for (const item of chunk.items) {
      if (source.mayShow(item)) {
        bytes += source.bytesOf(item);
        const isOver = items.length === size || (bytes > maxPageBytes && items.length > 0);
        if (isOver) return { items, next: last };
        items.push(item);
      }
      last = item.id;
    }
    if (!chunk.goesOn) return { items, next: undefined };
    if (items.length === size) return { items, next: last };
  }
  return { items, next: last };
}
