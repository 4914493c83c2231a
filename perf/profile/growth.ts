import type { HeapClass } from "./heap.js";

/** A constructor whose objects became more, or larger, from each snapshot to the next. */
export interface Growth {
  name: string;
  counts: number[];
  /** Their own sizes in bytes. */
  sizes: number[];
}

/** In one round of load, what is below is noise: a pool that fills up, a timer more. */
const least = { count: 200, bytes: 64 * 1024 };
/** How much of the round before a round must add. A leak goes on; a cache that fills up, or code that settles, slows down. */
const steadiness = 0.5;
/** What V8 keeps for itself and lets grow as it compiles: no object that a program could hold on to. */
const engine = new Set(["(compiled code)", "(object shape)", "(system)", "(code)"]);

/**
 * The constructors that are suspected of a leak, by what they added last. The rule, for three or more snapshots of one
 * process, each taken after a round of the same load and a forced garbage collection: the number of a constructor's
 * objects grew by at least 200 in every round, or their own size by 64 KiB; and each round added at least half of what
 * the round before it did. V8's own kinds (compiled code, shapes, system) are left out.
 */
export function findLeaks(snapshots: Map<string, HeapClass>[]): Growth[] {
  return growths(snapshots)
    .filter(({ name }) => !engine.has(name))
    .filter(({ counts, sizes }) => isSteady(counts, least.count) || isSteady(sizes, least.bytes))
    .sort((a, b) => lastStep(b.sizes) - lastStep(a.sizes));
}

/** The constructors that grew in all, by how much. */
export function findGrowth(snapshots: Map<string, HeapClass>[]): Growth[] {
  const inAll = ({ sizes }: Growth) => (sizes.at(-1) ?? 0) - (sizes[0] ?? 0);
  return growths(snapshots)
    .filter((growth) => inAll(growth) > 0)
    .sort((a, b) => inAll(b) - inAll(a));
}

function growths(snapshots: Map<string, HeapClass>[]): Growth[] {
  const names = new Set(snapshots.flatMap((snapshot) => [...snapshot.keys()]));
  return [...names].map((name) => ({
    name,
    counts: snapshots.map((snapshot) => snapshot.get(name)?.count ?? 0),
    sizes: snapshots.map((snapshot) => snapshot.get(name)?.self ?? 0),
  }));
}

function isSteady(values: number[], atLeast: number): boolean {
  const steps = stepsOf(values);
  return steps.every((step, round) => step >= atLeast && step >= steadiness * (steps[round - 1] ?? 0));
}

function lastStep(values: number[]): number {
  return stepsOf(values).at(-1) ?? 0;
}

function stepsOf(values: number[]): number[] {
  return values.slice(1).map((value, index) => value - (values[index] as number));
}
