import { readFileSync } from "node:fs";

/** What a figure of the status is judged by: a row of perf/targets.json. */
export interface Target {
  id: string;
  name: string;
  unit: string;
  objective: number;
  critical: number;
  /** Less, where it does not say. */
  better?: "more";
}

/** The targets by their ids. `make perf` checks the file; here it is only read. */
export type Targets = ReadonlyMap<string, Target>;

export function readTargets(): Targets {
  const text = readFileSync(new URL("../perf/targets.json", import.meta.url), "utf8");
  const { rows, continuous } = JSON.parse(text) as Record<"rows" | "continuous", Target[]>;
  return new Map([...rows, ...continuous].map((target) => [target.id, target]));
}
