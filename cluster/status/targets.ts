import { readFileSync } from "node:fs";

/** The target of a figure: a row of slo/targets.json. */
export interface Target {
  id: string;
  name: string;
  unit: string;
  objective: number;
  critical: number;
  /** Unset: less is better. */
  better?: "more";
  /** What a figure of a running Posta takes into account. See slo/targets.ts. */
  indicator?: { services?: string; codes?: string[]; processes?: number };
}

/** Which calls count, and which codes mean that Posta failed. */
export interface ErrorRule {
  services: string;
  codes: ReadonlySet<string>;
}

/** The targets by their ids. `make perf` checks the file; this code only reads it. */
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
