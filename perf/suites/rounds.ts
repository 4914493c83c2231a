import { starved, tooFew } from "../judge/measure.js";
import type { LoadResult } from "./load.js";

/**
 * A round whose load generator was starved of CPU tells of the machine and not of Posta: it is left out, as long as most
 * rounds of its scenario were not. One in which calls failed, or the server was lost, stays whatever else it was. So does
 * a round with a control: the control tells whether the machine or the service took the CPU.
 */
export function leaveOutStarved(results: LoadResult[]): { results: LoadResult[]; findings: string[] } {
  const roundsOf = (wanted: string) => results.filter(({ name }) => name === wanted);
  const mayGo = (name: string) => roundsOf(name).filter(isStarved).length * 2 < roundsOf(name).length;
  const gone = new Set(results.filter((result) => !result.control && isStarved(result) && mayGo(result.name)));
  return {
    results: results.filter((result) => !gone.has(result)),
    findings: [...gone].map(({ name, measured }) => `a round of ${name} is left out: ${measured.broken.join("; ")}`),
  };
}

/** Whether nothing is wrong with a load but that its generator was starved. */
export function isStarved({ measured: { broken, failed } }: LoadResult): boolean {
  return failed === 0 && broken.length > 0 && broken.every((fault) => fault.startsWith(starved));
}

/**
 * What a generator could not do does not break a load that has a control: calls count from when they were due, so that
 * the load's latency shows it, and the control shows whose fault it was. Answers what happened, a line for each load.
 */
export function forgiveGenerators(results: LoadResult[]): { results: LoadResult[]; findings: string[] } {
  const isForgiven = (fault: string) => fault.startsWith(starved) || fault.startsWith(tooFew);
  const findings: string[] = [];
  const forgiven = results.map((result) => {
    const faults = result.control ? result.measured.broken.filter(isForgiven) : [];
    if (faults.length === 0) return result;
    findings.push(`${result.name}: ${faults.join("; ")}; the control tells whether the machine was busy`);
    const broken = result.measured.broken.filter((fault) => !isForgiven(fault));
    return { ...result, measured: { ...result.measured, broken } };
  });
  return { results: forgiven, findings };
}
