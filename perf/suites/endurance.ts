import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type LoadResult, runPhase } from "./load.js";
import { readSuite, type Scenario } from "./scenario.js";
import { describeDrift, findGrowth, type Slice, summarise } from "./slices.js";
import { faultsOf, type Outcome, type SuiteContext } from "./suite.js";

const defaultSeconds = 24 * 3600;
const maxSliceSeconds = 300;
const minSliceSeconds = 10;

/** What an endurance run has so far; kept in its folder, so that one that was cut can go on. */
interface State {
  totalSeconds: number;
  sliceSeconds: number;
  slices: Slice[];
  /** Of all slices so far, by scenario. */
  results: LoadResult[];
}

/**
 * `perf-endurance`: a moderate load for a day, in slices. After each the state is written; a run that was cut goes on with
 * RESUME=<its folder>. Shows how memory, handles and latency drift.
 */
export async function runEndurance(context: SuiteContext): Promise<Outcome> {
  const { phases, warmupSeconds } = readSuite("endurance", context.targets);
  const file = join(context.folder, "endurance.json");
  const state = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as State) : freshState(context.seconds);
  const planned = Math.ceil(state.totalSeconds / state.sliceSeconds);
  context.progress.say(
    `  slice ${state.slices.length + 1} of ${planned}; if this is cut: make perf-endurance RESUME=${context.folder}`,
  );
  while (state.slices.length < planned) {
    const scenarios = phases.flat().map((scenario): Scenario => ({ ...scenario, seconds: state.sliceSeconds }));
    const from = context.sampler.samples.length;
    const results = await runPhase(context, scenarios, warmupSeconds);
    await context.client.clear();
    state.slices.push(
      summarise(state.slices.length * state.sliceSeconds, results, context.sampler.samples.slice(from)),
    );
    state.results = mergeResults(state.results, results, state.slices.length, state.sliceSeconds);
    writeFileSync(file, JSON.stringify(state));
    const broken = faultsOf(results);
    if (broken.length > 0)
      return { results: state.results, findings: describeDrift(state.slices), failures: [], broken };
  }
  const growth = findGrowth(state.slices);
  return {
    results: state.results,
    findings: describeDrift(state.slices),
    failures: growth === undefined ? [] : [growth],
    broken: [],
  };
}

function freshState(seconds = defaultSeconds): State {
  const sliceSeconds = Math.min(maxSliceSeconds, Math.max(minSliceSeconds, Math.round(seconds / 10)));
  return { totalSeconds: seconds, sliceSeconds, slices: [], results: [] };
}

/** One result for each scenario: counts are sums, latencies those of the worst slice, a slice is a step of the timeline. */
export function mergeResults(
  before: LoadResult[],
  next: LoadResult[],
  count: number,
  sliceSeconds: number,
): LoadResult[] {
  return next.map((result) => {
    const old = before.find(({ name }) => name === result.name);
    const { measured } = result;
    const { p50: p50Ms, p99: p99Ms } = measured.latencyMs;
    const step = { second: (count - 1) * sliceSeconds, calls: measured.calls, failed: measured.failed, p50Ms, p99Ms };
    if (!old) return { ...result, measured: { ...measured, timeline: [step] } };
    return { ...result, measured: mergeMeasured(old.measured, measured, step, count) };
  });
}

type Measured = LoadResult["measured"];

function mergeMeasured(old: Measured, next: Measured, step: Measured["timeline"][number], count: number): Measured {
  const worse = (key: keyof Measured["latencyMs"]) => Math.max(old.latencyMs[key], next.latencyMs[key]);
  const bounds = new Map(old.histogram.map(({ upToMs, calls }) => [upToMs, calls]));
  for (const { upToMs, calls } of next.histogram) bounds.set(upToMs, (bounds.get(upToMs) ?? 0) + calls);
  const errors = { ...old.errors };
  for (const [text, times] of Object.entries(next.errors)) errors[text] = (errors[text] ?? 0) + times;
  return {
    calls: old.calls + next.calls,
    failed: old.failed + next.failed,
    errors,
    perSecond: old.perSecond + (next.perSecond - old.perSecond) / count,
    latencyMs: {
      p50: worse("p50"),
      p90: worse("p90"),
      p95: worse("p95"),
      p99: worse("p99"),
      p999: worse("p999"),
      max: worse("max"),
    },
    histogram: [...bounds].sort(([a], [b]) => a - b).map(([upToMs, calls]) => ({ upToMs, calls })),
    timeline: [...old.timeline, step],
    broken: next.broken,
  };
}
