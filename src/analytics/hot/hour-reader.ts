import type { Minutes } from "../time/sums.js";
import { type Hot, type Pipeline, toMinutes } from "./hot.js";
import { type Keys, type Series, separator } from "./keys.js";
import type { Uniques } from "./uniques.js";

/** How much of an hour is in memory at once: this many names, and this many series with their minutes. */
const chunk = 500;

/** An hour of a series. */
export interface SeriesHour extends Minutes {
  series: Series;
}

/** Reads a closed hour from Redis in pieces, however large it is. SCAN may return an element twice. */
export class HourReader {
  constructor(
    private readonly hot: Hot,
    private readonly keys: Keys,
  ) {}

  /** The names that have events in the hour. */
  names(hour: number): AsyncGenerator<string[]> {
    return this.scan((pipeline, cursor) => pipeline.sscan(this.keys.names(hour), cursor, "COUNT", chunk));
  }

  /** A name's series with their minutes. */
  async *series(hour: number, name: string): AsyncGenerator<SeriesHour[]> {
    const key = this.keys.series(hour, name);
    for await (const flat of this.scan((pipeline, cursor) => pipeline.zscan(key, cursor, "COUNT", chunk))) {
      const members = new Set(flat.filter((_, index) => index % 2 === 0));
      const all = [...members].map((member) => toSeries(name, member));
      const hashes = await this.hot.readHashes(all.map((series) => this.keys.minutes(hour, series)));
      yield hashes.map((hash, index) => ({ series: all[index] as Series, ...toMinutes(hour, hash) }));
    }
  }

  /** A name's different subjects in the hour; undefined if it has none. */
  async uniques(hour: number, name: string): Promise<Uniques | undefined> {
    const [set, hll] = [this.keys.subjects(hour, name), this.keys.hll(hour, name)];
    const [subjects = [], bytes] = await this.hot.pipeline<string, string[] | Buffer | null>(
      [set, hll],
      (pipeline, key) => {
        return key === set ? pipeline.smembers(key) : pipeline.getBuffer(key);
      },
    );
    if (bytes) return { hll: bytes as Buffer };
    return (subjects as string[]).length > 0 ? { subjects: subjects as string[] } : undefined;
  }

  private async *scan(add: (pipeline: Pipeline, cursor: string) => unknown): AsyncGenerator<string[]> {
    let cursor = "0";
    do {
      const [answer] = await this.hot.pipeline<string, [string, string[]]>([cursor], add);
      const [next, found] = answer as [string, string[]];
      if (found.length > 0) yield found;
      cursor = next;
    } while (cursor !== "0");
  }
}

function toSeries(name: string, member: string): Series {
  const at = member.indexOf(separator);
  return { name, dimension: member.slice(0, at), value: member.slice(at + separator.length) };
}
