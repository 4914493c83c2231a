import { toReadError } from "../../store/redis/errors.js";
import { defineBytesScript, type Script } from "../../store/redis/scripts.js";
import type { RedisStore } from "../../store/redis/store.js";
import type { Keys } from "./keys.js";

/** Different subjects: themselves while they are few, else a HyperLogLog in Redis' own bytes. */
export type Uniques = { subjects: string[]; hll?: undefined } | { hll: Buffer; subjects?: undefined };

/** The same as the history has it. */
export interface UniquesRow {
  subjects: string[] | null;
  hll: Buffer | null;
}

export function toUniques({ subjects, hll }: UniquesRow): Uniques {
  return hll ? { hll } : { subjects: subjects ?? [] };
}

/** As many arguments of a call fit on the stack, with room to spare. */
const maxArguments = 20_000;

/** Unions subjects. What only an estimate can hold is merged by Redis, whose HyperLogLogs they are. */
export class UniquesMerger {
  private readonly merge: Script<[number, Buffer]>;

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
  ) {
    this.merge = defineBytesScript(store.client, "merge-uniques");
  }

  /** Themselves as long as no part is an estimate and they are at most so many. */
  async union(parts: readonly Uniques[], maxSubjects: number): Promise<Uniques> {
    const subjects = new Set<string>();
    for (const part of parts) for (const subject of part.subjects ?? []) subjects.add(subject);
    const hlls = parts.flatMap(({ hll }) => hll ?? []);
    if (hlls.length === 0 && subjects.size <= maxSubjects) return { subjects: [...subjects] };
    if (hlls[0] && hlls.length === 1 && subjects.size === 0) return { hll: hlls[0] };
    return { hll: (await this.run(hlls, [...subjects], [])).hll };
  }

  /** The estimated number of all these together, and of the sets and HyperLogLogs at some keys. */
  async count(parts: readonly Uniques[], keys: readonly string[]): Promise<number> {
    const subjects = parts.flatMap((part) => part.subjects ?? []);
    const hlls = parts.flatMap(({ hll }) => hll ?? []);
    return (await this.run(hlls, subjects, keys)).count;
  }

  /** In one step, or in several where there are more subjects than fit into one. */
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
