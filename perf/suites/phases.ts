import { type LoadResult, runPhase } from "./load.js";
import { leaveOutStarved } from "./rounds.js";
import { readSuite, type Scenario } from "./scenario.js";
import { faultsOf, type Outcome, type SuiteContext } from "./suite.js";

/** Saturation shows what it shows in seconds; a longer DURATION is for the loads at a fixed rate. */
const maxSaturationSeconds = 15;

/** `perf-smoke` and `perf-load`: the phases of a file, one after the other. */
export async function runPhases(name: string, context: SuiteContext): Promise<Outcome> {
  const { warmupSeconds, ...suite } = readSuite(name, context.targets);
  const [phases, left] = leaveOutDelivery(suite.phases, context.target.primary !== undefined);
  const rounds = context.rounds ?? suite.rounds;
  const loads: LoadResult[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const phase of phases.filter((scenarios) => round === 1 || scenarios.some(({ rate }) => rate !== undefined))) {
      const scenarios = phase.map((scenario) => withDuration(scenario, context.seconds));
      loads.push(...(await runPhase(context, scenarios, warmupSeconds)));
      await context.client.clear();
    }
  }
  const { results, findings } = leaveOutStarved(loads);
  return { results, findings: [...left, ...findings], failures: [], broken: faultsOf(results) };
}

/** What a service that runs elsewhere sends on goes to the real Cloud API, to people: no load makes it do so. */
function leaveOutDelivery(phases: Scenario[][], isOwn: boolean): [Scenario[][], string[]] {
  const names = phases.flat().flatMap(({ tool, name }) => (tool === "delivery" ? [name] : []));
  if (isOwn || names.length === 0) return [phases, []];
  const rest = phases.map((phase) => phase.filter(({ tool }) => tool !== "delivery"));
  return [
    rest.filter((phase) => phase.length > 0),
    [`left out, as they need a cluster of their own: ${names.join(", ")}`],
  ];
}

function withDuration(scenario: Scenario, seconds: number | undefined): Scenario {
  if (seconds === undefined) return scenario;
  const isSaturation = scenario.rate === undefined;
  return { ...scenario, seconds: isSaturation ? Math.min(seconds, maxSaturationSeconds) : seconds };
}
