import { starved } from "../judge/measure.js";
import type { LoadResult } from "./load.js";

/**
 * A round whose load generator was starved of CPU tells of the machine and not of Posta: it is left out, as long as most
 * rounds of its scenario were not. One in which calls failed, or the server was lost, stays whatever else it was.
 */
export function leaveOutStarved(results: LoadResult[]): { results: LoadResult[]; findings: string[] } {
  const roundsOf = (wanted: string) => results.filter(({ name }) => name === wanted);
  const mayGo = (name: string) => roundsOf(name).filter(isStarved).length * 2 < roundsOf(name).length;
  const gone = new Set(results.filter((result) => isStarved(result) && mayGo(result.name)));
  return {
    results: results.filter((result) => !gone.has(result)),
    findings: [...gone].map(({ name, measured }) => `a round of ${name} is left out: ${measured.broken.join("; ")}`),
  };
}

/** Whether nothing is wrong with a load but that its generator was starved. */
export function isStarved({ measured: { broken, failed } }: LoadResult): boolean {
  return failed === 0 && broken.length > 0 && broken.every((fault) => fault.startsWith(starved));
}
