import type { Target as Goal } from "../../slo/targets.js";
import type { Row } from "../judge/verdict.js";
import type { PerfClient } from "../watch/client.js";
import type { Sampler } from "../watch/sampler.js";
import type { Sample } from "../watch/samples.js";
import type { TimeSpent } from "../watch/time-watch.js";
import type { LoadContext, LoadResult } from "./load.js";

/** What a suite is run with. */
export interface SuiteContext extends LoadContext {
  targets: Goal[];
  client: PerfClient;
  sampler: Sampler;
  /** DURATION, in seconds; undefined: the suite's own. */
  seconds: number | undefined;
  /** ROUNDS; undefined: the suite's own. */
  rounds: number | undefined;
  /** RATE, in calls a second; undefined: the suite's own. */
  rate: number | undefined;
  /** ONLY, names of loads; empty: all of the suite. */
  only: readonly string[];
}

/** Where the time of a load went, or of several that ran at once. */
export interface LoadTime extends TimeSpent {
  load: string;
}

/** What a suite found. */
export interface Outcome {
  results: LoadResult[];
  /** Absent: the suite does not watch that. */
  times?: LoadTime[];
  /** What there is to know beside the rows, a line each. */
  findings: string[];
  /** Why the suite fails whatever its rows say: what it is for did not happen. */
  failures: string[];
  /** Why its figures are not to be used. */
  broken: string[];
  /** When it began, and the samples of the processes, of a suite that went on with an earlier run. */
  startedAt?: Date;
  samples?: Sample[];
}

/** What is broken in a suite whose every load must be sound. */
export function faultsOf(results: LoadResult[]): string[] {
  return results.flatMap(({ name, measured }) => measured.broken.map((fault) => `${name}: ${fault}`));
}

/** A row that is not met, as text: "Queue add, P99 132 ms (objective 100)". */
export function describeBreach({ name, value = Number.NaN, unit, objective }: Row): string {
  return `${name} ${Math.round(value * 10) / 10} ${unit} (objective ${objective})`;
}
