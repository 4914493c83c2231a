import type { Finding } from "./check.js";
import type { SuiteSummary } from "./summaries.js";

const maxAgeHours = 24;
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
 * Whether the suites that ran on this code of late have passed: the newest run of each, judged by the worst. Without perf-load it is a
 * warning at best, as the others do not hold the guide's rates.
 */
export function judgeLoadTests({ summaries, now, commit }: LoadEvidence): Finding {
  const [newest] = summaries;
  if (!newest) return { verdict: "not measured", evidence: "no suite has left a summary", todo: makeOne };
  const fresh = summaries.filter((summary) => findStale(summary, now, commit) === undefined);
  if (fresh.length === 0) {
    const stale = `${describe(newest, now)}: ${findStale(newest, now, commit)}`;
    return { verdict: "not measured", evidence: stale, todo: makeOne };
  }
  const last = fresh.filter(({ suite }, index) => fresh.findIndex((other) => other.suite === suite) === index);
  const evidence = last.map((summary) => `${describe(summary, now)}${describeBreaches(summary)}`).join(" | ");
  const worst = verdicts.find((verdict) => last.some((summary) => summary.verdict === verdict)) ?? "broken";
  if (worst === "met" && !last.some(({ suite }) => suite === "load")) {
    return { verdict: "warning", evidence, todo: "run `make perf-load`: only that holds the guide's rates" };
  }
  return judge(worst, evidence, "read the reports of these suites in perf/results/");
}

/** A row of the newest suite that measured it, against its critical value. */
export function judgeRow({ summaries, now, commit }: LoadEvidence, id: string, todo: string): Finding {
  const isMeasured = ({ verdict, rows }: SuiteSummary) =>
    verdict !== "broken" && rows.some((row) => row.id === id && row.value !== undefined);
  const summary = summaries.find(isMeasured);
  const row = summary?.rows.find((candidate) => candidate.id === id);
  if (!summary || row?.value === undefined)
    return { verdict: "not measured", evidence: `no suite has measured ${id}`, todo: makeOne };
  const scenario = row.scenario === undefined ? "" : `, scenario ${row.scenario}`;
  const evidence = `${round(row.value)} ${row.unit} (objective ${row.objective}, critical ${row.critical}${scenario}; ${describe(summary, now)})`;
  const stale = findStale(summary, now, commit);
  if (stale) return { verdict: "not measured", evidence: `${evidence}: ${stale}`, todo: makeOne };
  return judge(row.verdict, evidence, todo);
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
function findStale({ startedAt, commit }: SuiteSummary, now: Date, current: string | undefined): string | undefined {
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
