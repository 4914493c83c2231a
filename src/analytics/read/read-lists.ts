import type { HistoryUniques } from "../history/history-uniques.js";
import type { HistoryValues, ValueCount, ValueQuery } from "../history/history-values.js";
import type { Watermark } from "../history/watermark.js";
import type { Uniques, UniquesMerger } from "../hot/uniques.js";
import { type Range, splitAt } from "../time/range.js";
import { type Cache, historyLifetimes, hotLifetimes } from "./cache.js";
import type { HotLists } from "./hot-lists.js";

/** The number of different subjects. If it is not exact, it is an estimate. */
export interface UniqueCount {
  subjects: number;
  exact: boolean;
}

const noSubjects: Uniques = { subjects: [] };
/** The cache keeps this many of the history's most frequent values. For larger questions: twice as many, and so on. */
const leastKept = 1024;

/** Counts the different subjects of a range, and lists its most frequent values. */
export class ListsReader {
  constructor(
    private readonly history: { uniques: HistoryUniques; values: HistoryValues },
    private readonly hot: HotLists,
    private readonly merger: UniquesMerger,
    private readonly watermark: Watermark,
    private readonly cache: Cache,
  ) {}

  /** The number of different subjects of a name's events. */
  async countUnique(name: string, range: Range): Promise<UniqueCount> {
    const hour = await this.watermark.get();
    return this.cache.get(["unique", name, range, hour], hotLifetimes, async () => {
      const { before, after } = splitAt(range, hour);
      const [old, recent] = await Promise.all([
        before ? this.historyUniques(name, before) : noSubjects,
        after ? this.hot.subjects(name, after) : { subjects: [], keys: [] },
      ]);
      if (!old.hll && recent.keys.length === 0) {
        return { subjects: new Set([...old.subjects, ...recent.subjects]).size, exact: true };
      }
      const subjects = await this.merger.count([old, { subjects: [...recent.subjects] }], recent.keys);
      return { subjects, exact: false };
    });
  }

  /** The most frequent values of a dimension, most frequent first. Equally frequent values are in byte order. */
  async topValues(query: ValueQuery, range: Range, limit: number): Promise<readonly ValueCount[]> {
    const hour = await this.watermark.get();
    return this.cache.get(["top", query, range, limit, hour], hotLifetimes, async () => {
      const { before, after } = splitAt(range, hour);
      const counts = after ? await this.hot.values(query, after) : new Map<string, number>();
      const old = before ? await this.historyValues(query, before, counts, limit) : [];
      for (const { value, events } of old) counts.set(value, (counts.get(value) ?? 0) + events);
      const all = Array.from(counts, ([value, events]) => ({ value, events }));
      return all.sort(byFrequency).slice(0, limit);
    });
  }

  private historyUniques(name: string, range: Range): Promise<Uniques> {
    return this.cache.get(["history-unique", name, range], historyLifetimes, () => {
      return this.history.uniques.read(name, range);
    });
  }

  /**
   * All values of the history that can be among the first `limit` when the recent counts are added. These are the most
   * frequent values, and every value that was seen lately, however rare it is in the history.
   */
  private async historyValues(
    query: ValueQuery,
    range: Range,
    recent: ReadonlyMap<string, number>,
    limit: number,
  ): Promise<readonly ValueCount[]> {
    const wanted = 2 ** Math.ceil(Math.log2(Math.max(limit + recent.size, leastKept)));
    const top = await this.cache.get(["history-top", query, range, wanted], historyLifetimes, () => {
      return this.history.values.top(query, range, wanted);
    });
    if (top.length < wanted) return top;
    const known = new Set(top.map(({ value }) => value));
    const missing = [...recent.keys()].filter((value) => !known.has(value));
    return missing.length === 0 ? top : [...top, ...(await this.history.values.some(query, range, missing))];
  }
}

function byFrequency(one: ValueCount, other: ValueCount): number {
  return other.events - one.events || Buffer.compare(Buffer.from(one.value), Buffer.from(other.value));
}
