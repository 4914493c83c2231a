import { isBeyond, type Target } from "../../slo/targets.js";
import type { Measured } from "./measure.js";

/** What a row came to. "not measured": no scenario of the suite answers for it. */
type Verdict = "met" | "missed" | "critical" | "not measured";

/** A load that was made, and the targets that it answers for. */
export interface Result {
  /** Of its scenario; results of the same name are rounds of it. */
  name: string;
  operation: string;
  answersFor: string[];
  /** True: at a fixed rate; its failed calls count for the error rate. */
  openLoop: boolean;
  measured: Measured;
}

/** A target with what was measured. */
export interface Row {
  id: string;
  name: string;
  unit: string;
  objective: number;
  critical: number;
  verdict: Verdict;
  value?: number;
  /** The scenario that the value is of: the worst of those that answer for the row. */
  scenario?: string;
}

/** Figures of the processes, as far as they could be seen. */
export interface Resources {
  peakRssMib?: number | undefined;
}

/** Judges every target by the loads that were made. */
export function judge(targets: Target[], results: Result[], resources: Resources): Row[] {
  return targets.map((target) => {
    const { id, name, unit, objective, critical, indicator } = target;
    const found = worst(target, candidates(target, results, resources));
    const row = { id, name, unit, objective, critical };
    if (!found) return { ...row, verdict: "not measured" as const };
    const { value, scenario } = found;
    const verdict = isBeyond(indicator, value, critical)
      ? "critical"
      : isBeyond(indicator, value, objective)
        ? "missed"
        : "met";
    return { ...row, verdict, value, ...(scenario === undefined ? {} : { scenario }) };
  });
}

interface Candidate {
  value: number;
  scenario?: string;
}

function candidates({ id, indicator }: Target, results: Result[], resources: Resources): Candidate[] {
  const { kind } = indicator;
  if (kind === "memory") return resources.peakRssMib === undefined ? [] : [{ value: resources.peakRssMib }];
  const answering =
    kind === "errors"
      ? results.filter(({ openLoop }) => openLoop)
      : results.filter((result) => result.answersFor.includes(id));
  const rounds = new Map<string, Result[]>();
  for (const result of answering.filter(({ measured }) => measured.calls > 0)) {
    rounds.set(result.name, [...(rounds.get(result.name) ?? []), result]);
  }
  return [...rounds].map(([scenario, all]) => ({ scenario, value: figureOf(indicator, all) }));
}

/**
 * The figure of a scenario. Of several rounds the median: a pause of the machine spoils one of them, a slow service all.
 * Errors are counted over all.
 */
function figureOf(indicator: Target["indicator"], rounds: Result[]): number {
  if (indicator.kind === "errors") {
    const total = (pick: (measured: Measured) => number) =>
      rounds.reduce((sum, { measured }) => sum + pick(measured), 0);
    return (total(({ failed }) => failed) / total(({ calls }) => calls)) * 100;
  }
  const figures = rounds.map(({ measured: { perSecond, latencyMs } }) => {
    if (indicator.kind === "latency") return latencyMs[`p${indicator.percentile}` as keyof typeof latencyMs];
    return perSecond;
  });
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] as number;
}

function worst({ indicator }: Target, found: Candidate[]): Candidate | undefined {
  return found.reduce<Candidate | undefined>(
    (so, next) => (so === undefined || isBeyond(indicator, next.value, so.value) ? next : so),
    undefined,
  );
}

/** What a whole suite came to. "broken": a run's figures are not to be used. */
export type SuiteVerdict = "met" | "missed" | "critical" | "broken";

export function judgeSuite(rows: Row[], broken: string[]): SuiteVerdict {
  if (broken.length > 0) return "broken";
  const verdicts = new Set(rows.map(({ verdict }) => verdict));
  if (!rows.some(({ value }) => value !== undefined)) return "broken";
  return verdicts.has("critical") ? "critical" : verdicts.has("missed") ? "missed" : "met";
}

/** The exit status: 0 met; an objective that was missed only warns unless `strict`; 1 otherwise. */
export function exitStatus(verdict: SuiteVerdict, strict: boolean): number {
  if (verdict === "met") return 0;
  return verdict === "missed" && !strict ? 0 : 1;
}
