import { ownTarget } from "../../perf/watch/target.js";
import type { Finding } from "./check.js";
import type { SuiteSummary } from "./summaries.js";

const maxAgeHours = 24;
/** A rate that was held for less was not held. */
const leastSeconds = 30;
/** The worst first. */
const verdicts = ["broken", "critical", "missed", "met"] as const;
const makeOne = "run `make perf-load` (or `make perf-smoke`, for what a minute can show)";

/** What the load suites left, and what it is to be judged against. */
export interface LoadEvidence {
  /** Newest first. */
  summaries: SuiteSummary[];
  now: Date;
  /** The commit that is checked out; undefined: any will do. */
  commit: string | undefined;
}

/**
 * Whether the suites that ran on this code of late have passed, judged by the worst. Without perf-load at the guide's rates it is a
 * warning at best.
 */
export function judgeLoadTests(evidence: LoadEvidence): Finding {
  const runs = freshRuns(evidence);
  if (runs.length === 0) return noneIs(evidence, "left a summary");
  const text = runs.map((run) => `${describe(run, evidence.now)}${describeBreaches(run)}`).join(" | ");
  const worst = worstOf(runs.map(({ verdict }) => verdict));
  if (worst === "met" && !runs.some(holdsRates)) {
    return { verdict: "warning", evidence: text, todo: "run `make perf-load`: only that holds the guide's rates" };
  }
  return judge(worst, text, "read the reports of these suites in perf/results/");
}

/** A row against its critical value, as the suite measured it in which it was worst. */
export function judgeRow(evidence: LoadEvidence, id: string, todo: string): Finding {
  const rowOf = ({ rows }: SuiteSummary) => rows.find((row) => row.id === id && row.value !== undefined);
  const runs = freshRuns(evidence, (run) => run.verdict !== "broken" && rowOf(run) !== undefined);
  const worst = worstOf(runs.map((run) => rowOf(run)?.verdict ?? ""));
  const run = runs.find((candidate) => rowOf(candidate)?.verdict === worst);
  const row = run && rowOf(run);
  if (row?.value === undefined) return noneIs(evidence, `measured ${id}`);
  const scenario = row.scenario === undefined ? "" : `, scenario ${row.scenario}`;
  const limits = `objective ${row.objective}, critical ${row.critical}`;
  const text = `${round(row.value)} ${row.unit} (${limits}${scenario}; ${describe(run as SuiteSummary, evidence.now)})`;
  return judge(row.verdict, text, todo);
}

/** The newest run of each suite, of those that tell of this code as it is now, and of what is asked for. */
function freshRuns({ summaries, now, commit }: LoadEvidence, tells = (_: SuiteSummary) => true): SuiteSummary[] {
  const fresh = summaries.filter((run) => findStale(run, now, commit) === undefined && tells(run));
  return fresh.filter(({ suite }, index) => fresh.findIndex((other) => other.suite === suite) === index);
}

/** There is no evidence; what there is instead, and why it is none. */
function noneIs({ summaries: [newest], now, commit }: LoadEvidence, what: string): Finding {
  const stale = newest && findStale(newest, now, commit);
  const evidence = stale ? `${describe(newest, now)}: ${stale}` : `no suite has ${what}`;
  return { verdict: "not measured", evidence, todo: makeOne };
}

function holdsRates({ suite, scenarios }: SuiteSummary): boolean {
  const atRates = scenarios.filter(({ plan }) => plan.rate !== undefined);
  return suite === "load" && atRates.length > 0 && atRates.every(({ plan }) => plan.seconds >= leastSeconds);
}

function worstOf(found: string[]): string {
  return verdicts.find((verdict) => found.includes(verdict)) ?? "met";
}

/** By the verdict of a suite, or of a row of it. */
function judge(of: string, evidence: string, todo: string): Finding {
  if (of === "met") return { verdict: "ok", evidence };
  return { verdict: of === "missed" ? "warning" : "FAILED", evidence, todo };
}

/** "load: met, 12 min ago, commit 9b8e817 with changes" */
function describe({ suite, verdict, startedAt, commit, dirty }: SuiteSummary, now: Date): string {
  const minutes = ageHours(startedAt, now) * 60;
  const age = minutes < 120 ? `${Math.round(minutes)} min` : `${Math.round(minutes / 60)} h`;
  return `${suite}: ${verdict}, ${age} ago, commit ${commit.slice(0, 7)}${dirty ? " with changes" : ""}`;
}

function describeBreaches({ rows, broken }: SuiteSummary): string {
  const breaches = rows
    .filter(({ verdict }) => verdict === "missed" || verdict === "critical")
    .map(({ name, value = Number.NaN, unit, verdict }) => `${name} ${round(value)} ${unit} ${verdict}`);
  const all = [...broken.slice(0, 1), ...breaches];
  return all.length === 0 ? "" : `; ${all.join(", ")}`;
}

/** Why a summary says nothing about what is to be deployed; undefined: it does. */
function findStale({ startedAt, commit, target }: SuiteSummary, now: Date, current?: string): string | undefined {
  if (target !== ownTarget) return `of a service that runs elsewhere, ${target}`;
  if (ageHours(startedAt, now) > maxAgeHours) return `older than ${maxAgeHours} h`;
  if (current !== undefined && !current.startsWith(commit)) return `of another commit (this is ${current.slice(0, 7)})`;
  return undefined;
}

function ageHours(startedAt: string, now: Date): number {
  return (now.getTime() - Date.parse(startedAt)) / 3_600_000;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
