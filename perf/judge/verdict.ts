import { isBeyond, type Target } from "../../slo/targets.js";
import { median } from "../bench/figures.js";
import type { Measured } from "./measure.js";

/**
 * What a row came to:
 * - met: within its objective.
 * - missed, critical: beyond its objective, or beyond its critical value.
 * - busy: beyond its objective, but the control was over half of that objective, too. The machine is too busy to judge.
 * - not measured: no scenario of the suite answers for the row.
 */
type Verdict = "met" | "busy" | "missed" | "critical" | "not measured";

/** From the best to the worst. A row is as bad as the worst scenario that answers for it. */
const severities: readonly Verdict[] = ["met", "busy", "missed", "critical"];

/** The share of an objective up to which a control lets a load be judged. */
const quietShare = 0.5;

export type Percentiles = Measured["latencyMs"];

/** What the same generator measured, alone, on a bare server: before a load and after it. */
interface Control {
  before: Percentiles;
  after: Percentiles;
}

/** A load that was made, and the targets that it answers for. */
export interface Result {
  /** Of its scenario; results of the same name are rounds of it. */
  name: string;
  operation: string;
  answersFor: string[];
  /** True: at a fixed rate; its failed calls count for the error rate. */
  openLoop: boolean;
  measured: Measured;
  /** Absent: there is no bare server for such a load. */
  control?: Control | undefined;
  /** Which round of its scenario it is, where there are several. */
  round?: number | undefined;
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
  /** The same figure of the control, of a latency. */
  control?: number;
  /** The scenario that the value is of: the worst of those that answer for the row. */
  scenario?: string;
}

/** Figures of the processes, as far as they could be seen. */
export interface Resources {
  peakMemoryMib?: number | undefined;
}

/** Judges every target by the loads that were made. */
export function judge(targets: Target[], results: Result[], resources: Resources): Row[] {
  return targets.map((target) => {
    const { id, name, unit, objective, critical } = target;
    const row = { id, name, unit, objective, critical };
    const judged = findFigures(target, results, resources).map((figure) => ({
      ...figure,
      verdict: judgeFigure(target, figure),
    }));
    const worst = judged.reduce<(typeof judged)[number] | undefined>(
      (so, next) => (so === undefined || isWorse(target, next, so) ? next : so),
      undefined,
    );
    return worst ? { ...row, ...worst } : { ...row, verdict: "not measured" };
  });
}

/** What one scenario shows for a target. */
interface Figure {
  value: number;
  control?: number;
  scenario?: string;
}

/** The verdict on one figure. */
function judgeFigure({ indicator, objective, critical }: Target, { value, control = 0 }: Figure): Verdict {
  if (!isBeyond(indicator, value, objective)) return "met";
  if (control > objective * quietShare) return "busy";
  return isBeyond(indicator, value, critical) ? "critical" : "missed";
}

function isWorse({ indicator }: Target, next: Figure & { verdict: Verdict }, so: typeof next): boolean {
  const step = severities.indexOf(next.verdict) - severities.indexOf(so.verdict);
  return step > 0 || (step === 0 && isBeyond(indicator, next.value, so.value));
}

function findFigures({ id, indicator }: Target, results: Result[], { peakMemoryMib }: Resources): Figure[] {
  if (indicator.kind === "memory") return peakMemoryMib === undefined ? [] : [{ value: peakMemoryMib }];
  const isWanted = ({ openLoop, answersFor }: Result) =>
    indicator.kind === "errors" ? openLoop : answersFor.includes(id);
  const answering = results.filter((result) => isWanted(result) && result.measured.calls > 0);
  if (indicator.kind === "mix") return answering.length === 0 ? [] : [figureOfMix(answering)];
  const names = [...new Set(answering.map(({ name }) => name))];
  return names.map((scenario) => ({
    scenario,
    ...figureOf(
      indicator,
      answering.filter(({ name }) => name === scenario),
    ),
  }));
}

/**
 * The figure of a scenario. Of several rounds the median: a pause of the machine spoils one of them, a slow service all.
 * Errors are counted over all.
 */
function figureOf(indicator: Target["indicator"], rounds: Result[]): Omit<Figure, "scenario"> {
  if (indicator.kind === "errors") {
    const total = (pick: (measured: Measured) => number) =>
      rounds.reduce((sum, { measured }) => sum + pick(measured), 0);
    return { value: (total(({ failed }) => failed) / total(({ calls }) => calls)) * 100 };
  }
  if (indicator.kind !== "latency") return { value: median(rounds.map(({ measured }) => measured.perSecond)) };
  const at = `p${indicator.percentile}` as keyof Percentiles;
  // The worse of before and after: a neighbour that came or went during the load was there for a part of it.
  const controls = rounds.flatMap(({ control }) => (control ? Math.max(control.before[at], control.after[at]) : []));
  const value = median(rounds.map(({ measured }) => measured.latencyMs[at]));
  return controls.length === 0 ? { value } : { value, control: median(controls) };
}

/** Loads that run at once answer together: the sum of their calls a second. */
function figureOfMix(results: Result[]): Figure {
  const sums = new Map<number, number>();
  for (const { round = 0, measured } of results) sums.set(round, (sums.get(round) ?? 0) + measured.perSecond);
  return { value: median([...sums.values()]), scenario: [...new Set(results.map(({ name }) => name))].join(" + ") };
}

/** What a whole suite came to. "broken": a run's figures are not to be used. */
export type SuiteVerdict = "met" | "busy" | "missed" | "critical" | "broken";

export function judgeSuite(rows: Row[], broken: string[]): SuiteVerdict {
  if (broken.length > 0 || !rows.some(({ value }) => value !== undefined)) return "broken";
  const worst = Math.max(...rows.map(({ verdict }) => severities.indexOf(verdict)));
  return severities[worst] as SuiteVerdict;
}

/** The exit status of a gate that could not judge: with STRICT=1, on a busy machine. */
const busyStatus = 3;

/**
 * The exit status: 0 met; 1 critical or broken. What only warns fails with `strict`: 1 for an objective that was missed,
 * {@link busyStatus} for rows that were not judged.
 */
export function exitStatus(verdict: SuiteVerdict, strict: boolean): number {
  if (verdict === "met") return 0;
  if (verdict === "critical" || verdict === "broken") return 1;
  if (!strict) return 0;
  return verdict === "busy" ? busyStatus : 1;
}
