import type { ValueQuery } from "../history/history-values.js";
import type { Hot } from "../hot/hot.js";
import { type Keys, separator } from "../hot/keys.js";
import type { Range } from "../time/range.js";

/** Reads subjects and values of the hours that are not in the history yet. */
export class HotLists {
  constructor(
    private readonly hot: Hot,
    private readonly keys: Keys,
  ) {}

  /** The subjects of a name's events. If some hour has too many, also the keys to merge them from. */
  async subjects(name: string, range: Range): Promise<{ subjects: Set<string>; keys: string[] }> {
    const hours = this.hot.hoursIn(range);
    const sets = hours.map((hour) => this.keys.subjects(hour, name));
    const hlls = hours.map((hour) => this.keys.hll(hour, name));
    // The sets first: a set that becomes a HyperLogLog in between is then seen twice, and not missed.
    const answers = await this.hot.pipeline<string, string[] | number>([...sets, ...hlls], (pipeline, key, index) => {
      return index < sets.length ? pipeline.smembers(key) : pipeline.exists(key);
    });
    const members = answers.slice(0, sets.length) as string[][];
    const large = answers.slice(sets.length).some((exists) => exists !== 0);
    return { subjects: new Set(members.flat()), keys: large ? [...sets, ...hlls] : [] };
  }

  /** The events of each value of a dimension. A name has a bounded number of values in an hour. */
  async values({ name, dimension }: ValueQuery, range: Range): Promise<Map<string, number>> {
    const keys = this.hot.hoursIn(range).map((hour) => this.keys.series(hour, name));
    const hours = await this.hot.pipeline<string, string[]>(keys, (pipeline, key) => {
      return pipeline.zrange(key, 0, -1, "WITHSCORES");
    });
    const counts = new Map<string, number>();
    const start = `${dimension}${separator}`;
    for (const flat of hours) {
      for (let at = 0; at < flat.length; at += 2) {
        const member = flat[at] as string;
        if (!member.startsWith(start)) continue;
        const value = member.slice(start.length);
        counts.set(value, (counts.get(value) ?? 0) + Number(flat[at + 1]));
      }
    }
    return counts;
  }
}
