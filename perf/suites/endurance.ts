import { addSlice, openState, planSlices, saveState } from "./endurance-state.js";
import { runPhase } from "./load.js";
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
  const state = openState(folder, context.seconds, target.primary !== undefined);
  const scenarios = phases.flat().map((scenario): Scenario => ({ ...scenario, seconds: state.sliceSeconds }));
  const planned = planSlices(state);
  const next = `slice ${state.done + 1} of ${planned}, of ${state.sliceSeconds} s each`;
  progress.say(`  ${next}; if this is cut: make perf-endurance RESUME=${folder}`);
  const broken: string[] = [];
  while (broken.length === 0 && state.done < planned) {
    const results = await runPhase(context, scenarios, warmupSeconds);
    await context.client.clear();
    broken.push(...addSlice(state, results, sampler.take()));
    // What is broken is not written: whoever goes on does so after the last sound slice.
    if (broken.length === 0) saveState(folder, state);
  }
  const { findings, failures } = judgeSlices(state.slices);
  const starved = state.done - state.slices.length;
  if (starved > 0) findings.push(`${starved} of ${planned} slices are left out: the load generator was starved of CPU`);
  if (starved * 2 > planned) broken.push("the load generator was starved of CPU in most slices");
  return { results: state.results, samples: state.samples, findings, failures, broken };
}
