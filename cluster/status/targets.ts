import { readFileSync } from "node:fs";

/** What a figure of the status is judged by: a row of slo/targets.json. */
export interface Target {
  id: string;
  name: string;
  unit: string;
  objective: number;
  critical: number;
  /** Less, where it does not say. */
  better?: "more";
  /** What a figure of a running Posta takes into account: see slo/targets.ts. */
  indicator?: { services?: string; codes?: string[]; processes?: number };
}

/** Which calls count, and which codes say that Posta failed. */
export interface ErrorRule {
  services: string;
  codes: ReadonlySet<string>;
}

/** The targets by their ids. `make perf` checks the file; here it is only read. */
export type Targets = ReadonlyMap<string, Target>;

export function readTargets(): Targets {
  const text = readFileSync(new URL("../../slo/targets.json", import.meta.url), "utf8");
  const { rows, continuous } = JSON.parse(text) as Record<"rows" | "continuous", Target[]>;
  return new Map([...rows, ...continuous].map((target) => [target.id, target]));
}

export function errorRuleOf(targets: Targets): ErrorRule {
  const { services = "", codes = [] } = targets.get("error-rate")?.indicator ?? {};
  return { services, codes: new Set(codes) };
}
