import { requireCountable } from "../ghz/ghz.js";
import { type LoadResult, runPhase } from "./load.js";
import { leaveOutStarved } from "./rounds.js";
import { readSuite, type Scenario } from "./scenario.js";
import { faultsOf, type Outcome, type SuiteContext } from "./suite.js";
import { leaveOutUnfit } from "./unfit.js";

/** Saturation shows what it shows in seconds; a longer DURATION is for the loads at a fixed rate. */
const maxSaturationSeconds = 15;

/** `perf-smoke` and `perf-load`: the phases of a file, one after the other. */
export async function runPhases(name: string, context: SuiteContext): Promise<Outcome> {
  const { warmupSeconds, ...suite } = readSuite(name, context.targets);
  const [fit, left] = leaveOutUnfit(suite.phases, context.target);
  const phases = fit.map((phase) => phase.map((scenario) => withDuration(scenario, context.seconds)));
  // Now, and not when its turn comes after the others.
  for (const scenario of phases.flat()) if (scenario.tool === "ghz") requireCountable({ ...scenario, warmupSeconds });
  const rounds = context.rounds ?? suite.rounds;
  const loads: LoadResult[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const phase of phases) {
      const isSteady = phase.some(({ rate }) => rate !== undefined);
      if (round > 1 && !isSteady) continue;
      loads.push(...(await runPhase(context, phase, warmupSeconds, rounds > 1 && isSteady ? round : undefined)));
      await context.client.clear();
    }
  }
  const { results, findings } = leaveOutStarved(loads);
  if (rounds > 1) findings.push(`a row is the median of ${rounds} rounds of its load; errors are counted over all`);
  return { results, findings: [...left, ...findings], failures: [], broken: faultsOf(results) };
}

function withDuration(scenario: Scenario, seconds: number | undefined): Scenario {
  if (seconds === undefined) return scenario;
  const isSaturation = scenario.rate === undefined;
  return { ...scenario, seconds: isSaturation ? Math.min(seconds, maxSaturationSeconds) : seconds };
}
