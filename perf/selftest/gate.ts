import { median } from "../bench/figures.js";
import type { Compared } from "../compare/verdict.js";
import type { Summary } from "../report/summary.js";
import { type CommandRun, runCommand, runUntilJudged } from "./run-command.js";

/*
 * The gate against builds that were made slower, and against a build that was not: how often it fails.
 */

/** The calls that are slowed, each with the load and the row that must show it, and a wait that is past the row's objective. */
const slowed = [
  { method: "AddJob", load: "queue-add", row: "queue-add-p50", waitMs: 15 },
  { method: "GetJob", load: "job-read", row: "read-p99", waitMs: 60 },
  { method: "TrackEvent", load: "track", row: "analytics-track-p50", waitMs: 10 },
  { method: "SendMessage", load: "message-send", row: "message-send-p50", waitMs: 10 },
] as const;

/** A build that is slowed by this share of what a call costs must be found out. */
const slowdown = 0.3;
/** Rounds of each perf-compare: fewer than by hand, as it is run some sixty times. */
const rounds = "6";

interface CompareReport {
  compared: Compared[];
}

type CompareRun = CommandRun<CompareReport>;

function compare(only: string, settings: Record<string, string> = {}): Promise<CompareRun> {
  return runCommand(["compare.ts"], "compare.json", { BASE: "this", ROUNDS: rounds, ONLY: only, ...settings });
}

/** Throws for a run that found nothing, as it could not run. */
function requireReport<Report>({ report, output }: CommandRun<Report>): Report {
  if (!report) throw new Error(`a run left no report:\n${output}`);
  return report;
}

/** How often something happened, of how many runs. */
export interface Count {
  what: string;
  failed: number;
  runs: number;
  /** How many runs must fail. */
  wanted: number;
}

/** What each call costs in microseconds, by one run of this build against itself. */
export async function readCosts(): Promise<Map<string, number>> {
  const { compared } = requireReport(await compare(slowed.map(({ method }) => method).join(",")));
  const costs = compared.flatMap(({ name, base }): [string, number][] => {
    const [, method] = /^(\w+), CPU/.exec(name) ?? [];
    return method ? [[method, median(base)]] : [];
  });
  return new Map(costs);
}

/** The same build against itself, by one load a run, as the slowed builds are. */
export async function countItself(runs: number): Promise<Count> {
  let failed = 0;
  for (let run = 0; run < runs; run += 1) {
    const { method } = slowed[run % slowed.length] as (typeof slowed)[number];
    const made = await compare(method);
    const ratios = requireReport(made).compared.map(({ name, ratio }) => `${name} x ${ratio.toFixed(2)}`);
    if (made.code !== 0) failed += 1;
    say(`this build against itself, run ${run + 1} of ${runs}`, made.code, ratios.join("; "));
  }
  return { what: "the same build against itself, by perf-compare", failed, runs, wanted: 0 };
}

/** Builds that work 30% longer for each call, by perf-compare. */
export async function countSlower(runs: number, costs: Map<string, number>): Promise<Count[]> {
  const counts: Count[] = [];
  for (const { method } of slowed) {
    const us = Math.round((costs.get(method) ?? Number.NaN) * slowdown);
    let failed = 0;
    for (let run = 1; run <= runs; run += 1) {
      const made = await compare(method, { PERF_SLOW: `${method}=${us}us` });
      const ratios = requireReport(made).compared.map(({ name, ratio }) => `${name} x ${ratio.toFixed(2)}`);
      if (made.code === 1) failed += 1;
      say(`${method} slowed by ${us} us, run ${run} of ${runs}`, made.code, ratios.join("; "));
    }
    const what = `${method} slowed by ${slowdown * 100}% (${us} us), by perf-compare`;
    counts.push({ what, failed, runs, wanted: runs });
  }
  return counts;
}

/** Builds that wait past an objective for each call, by perf-load. */
export async function countPastObjective(runs: number): Promise<Count> {
  let failed = 0;
  for (let run = 0; run < runs; run += 1) {
    const { method, load, row, waitMs } = slowed[run % slowed.length] as (typeof slowed)[number];
    const settings = { STRICT: "1", DURATION: "2s", ONLY: load, PERF_SLOW: `${method}=${waitMs}ms` };
    const verdictOf = (made: CommandRun<Summary>) => requireReport(made).rows.find(({ id }) => id === row)?.verdict;
    const made = await runUntilJudged(
      () => runCommand<Summary>(["run.ts", "load"], "summary.json", settings),
      (one) => verdictOf(one) === "busy",
    );
    const verdict = verdictOf(made);
    if (made.code === 1 && (verdict === "missed" || verdict === "critical")) failed += 1;
    say(`${method} waits ${waitMs} ms, run ${run + 1} of ${runs}`, made.code, `${row} ${verdict}`);
  }
  return { what: "slowed past an objective, by perf-load with STRICT=1", failed, runs, wanted: runs };
}

function say(what: string, code: number, detail: string): void {
  console.log(`  ${what}: ${code === 0 ? "passed" : `failed with status ${code}`}${detail && ` (${detail})`}`);
}
