import { toReadError } from "../../store/redis/errors.js";
import { defineBytesScript, type Script } from "../../store/redis/scripts.js";
import type { RedisStore } from "../../store/redis/store.js";
import type { Keys } from "./keys.js";

/** Different subjects: the subjects themselves while they are few, else a HyperLogLog in Redis' own bytes. */
export type Uniques = { subjects: string[]; hll?: undefined } | { hll: Buffer; subjects?: undefined };

/** {@link Uniques} as a row of the history. */
export interface UniquesRow {
  subjects: string[] | null;
  hll: Buffer | null;
}

export function toUniques({ subjects, hll }: UniquesRow): Uniques {
  return hll ? { hll } : { subjects: subjects ?? [] };
}

/** This many arguments of a call fit on the stack easily. */
const maxArguments = 20_000;

/** Unions subjects. Redis merges estimates, because the HyperLogLogs are Redis' own. */
export class UniquesMerger {
  private readonly merge: Script<[number, Buffer]>;

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
  ) {
    this.merge = defineBytesScript(store.client, "analytics/merge-uniques");
  }

  /** The subjects themselves if no part is an estimate and there are at most `maxSubjects`; else an estimate. */
  async union(parts: readonly Uniques[], maxSubjects: number): Promise<Uniques> {
    const subjects = new Set<string>();
    for (const part of parts) for (const subject of part.subjects ?? []) subjects.add(subject);
    const hlls = parts.flatMap(({ hll }) => hll ?? []);
    if (hlls.length === 0 && subjects.size <= maxSubjects) return { subjects: [...subjects] };
    if (hlls[0] && hlls.length === 1 && subjects.size === 0) return { hll: hlls[0] };
    return { hll: (await this.run(hlls, [...subjects], [])).hll };
  }

  /** The estimated number of subjects in all parts, and in the sets and HyperLogLogs at `keys`, together. */
  async count(parts: readonly Uniques[], keys: readonly string[]): Promise<number> {
    const subjects = parts.flatMap((part) => part.subjects ?? []);
    const hlls = parts.flatMap(({ hll }) => hll ?? []);
    return (await this.run(hlls, subjects, keys)).count;
  }

  /** Merges in one step, or in several if there are more subjects than fit into one. */
  private async run(hlls: readonly Buffer[], subjects: readonly string[], keys: readonly string[]) {
    const parts = [...hlls];
    let rest = subjects;
    for (; rest.length > maxArguments; rest = rest.slice(maxArguments)) {
      parts.push((await this.step([], rest.slice(0, maxArguments), [])).hll);
    }
    return this.step(parts, rest, keys);
  }

  private async step(hlls: readonly Buffer[], subjects: readonly string[], keys: readonly string[]) {
    this.store.requireUsable();
    const all = [this.keys.scratch("merged"), this.keys.scratch("given"), ...keys];
    const [count, hll] = await this.merge(all, [hlls.length, ...hlls, ...subjects]).catch((error) => {
      throw toReadError(error, "the analytics store");
    });
    return { count, hll };
  }
}
