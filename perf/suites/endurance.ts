import { findLosses } from "../watch/losses.js";
import { addSlice, openState, planSlices, saveState } from "./endurance-state.js";
import { runPhase } from "./load.js";
import { mergeResults } from "./merge.js";
import { readSuite, type Scenario } from "./scenario.js";
import { judgeSlices } from "./slices.js";
import type { Outcome, SuiteContext } from "./suite.js";

/**
 * `perf-endurance`: a moderate load for a day, in slices. After each the state is written; a run that was cut goes on with
 * RESUME=<its folder>. Shows how memory, handles and latency drift.
 */
export async function runEndurance(context: SuiteContext): Promise<Outcome> {
  const { folder, progress, sampler, target } = context;
  const { phases, warmupSeconds } = readSuite("endurance", context.targets);
  const state = openState(folder, context.seconds, target.description);
  const [earlier, watched] = [[...state.faults], state.watchedSeconds];
  const scenarios = phases.flat().map((scenario): Scenario => ({ ...scenario, seconds: state.sliceSeconds }));
  const planned = planSlices(state);
  saveState(folder, state);
  const next = `slice ${state.done + 1} of ${planned}, of ${state.sliceSeconds} s each`;
  progress.say(`  ${next}; if this is cut: make perf-endurance RESUME=${folder}`);
  let { results } = state;
  const broken: string[] = [];
  while (broken.length === 0 && state.done < planned) {
    const made = await runPhase(context, scenarios, warmupSeconds);
    await context.client.clear();
    const samples = sampler.take().map((sample) => ({ ...sample, second: watched + sample.second }));
    broken.push(...addSlice(state, made, samples, await findLosses(target)));
    saveState(folder, state);
    // What is broken is shown, and does not count where the run goes on.
    const second = state.done * state.sliceSeconds;
    results = broken.length > 0 ? mergeResults(results, made, state.slices.length + 1, second) : state.results;
  }
  const { findings, failures } = judgeSlices(state.slices);
  const starved = state.done - state.slices.length;
  if (starved > 0) findings.push(`${starved} of ${planned} slices are left out: the load generator was starved of CPU`);
  if (starved * 2 > planned) broken.push("the load generator was starved of CPU in most slices");
  const { samples } = state;
  return {
    results,
    samples,
    startedAt: new Date(state.startedAt),
    findings,
    failures: [...failures, ...earlier],
    broken,
  };
}
