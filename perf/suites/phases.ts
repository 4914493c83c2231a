import { takePorts } from "../bench/ports.js";
import { startBare } from "../bench/processes.js";
import { requireCountable } from "../ghz/ghz.js";
import { judge } from "../judge/verdict.js";
import { TimeWatch } from "../watch/time-watch.js";
import { type BareServers, Controls } from "./control.js";
import { type LoadResult, runPhase } from "./load.js";
import { forgiveGenerators, leaveOutStarved } from "./rounds.js";
import { type Phase, readSuite, type Scenario } from "./scenario.js";
import { faultsOf, type LoadTime, type Outcome, type SuiteContext } from "./suite.js";
import { leaveOutUnfit } from "./unfit.js";

/** Saturation shows what it shows in seconds; a longer DURATION is for the loads at a fixed rate. */
const maxSaturationSeconds = 15;

/** `perf-smoke` and `perf-load`: the phases of a file, one after the other. */
export async function runPhases(name: string, context: SuiteContext): Promise<Outcome> {
  const { warmupSeconds, ...suite } = readSuite(name, context.targets);
  const [fit, left] = leaveOutUnfit(pickPhases(suite.phases, context.only), context.target);
  const phases = fit.map((phase) => phase.map((scenario) => withDuration(scenario, context.seconds)));
  // Now, and not when its turn comes after the others.
  for (const scenario of phases.flat()) if (scenario.tool === "ghz") requireCountable({ ...scenario, warmupSeconds });
  const rounds = context.rounds ?? suite.rounds;
  const bare = await startBareServers();
  try {
    const run = new PhaseRun(context, bare, { warmupSeconds, rounds });
    await run.runAll(phases);
    const again = findBusyPhases(phases, run.results, context);
    if (again.length > 0) await run.repeat(again);
    return toOutcome(run, left, rounds);
  } finally {
    await bare.stop();
  }
}

async function startBareServers(): Promise<BareServers & { stop(): Promise<void> }> {
  const port = await takePorts(2);
  const { pid, stop } = await startBare(port);
  return { pid, grpc: `127.0.0.1:${port}`, http: `http://127.0.0.1:${port + 1}`, stop };
}

/** The phases of the scenarios that ONLY names; all phases if it names none. */
export function pickPhases(phases: Phase[], only: readonly string[]): Phase[] {
  const names = new Set(phases.flat().map(({ name }) => name));
  const unknown = only.filter((name) => !names.has(name));
  if (unknown.length > 0)
    throw new Error(`ONLY: there is no load ${unknown.join(", ")}; use some of ${[...names].join(", ")}`);
  return only.length === 0 ? phases : phases.filter((phase) => phase.some(({ name }) => only.includes(name)));
}

/** The phases whose rows the machine was too busy to judge. */
function findBusyPhases(phases: Phase[], results: LoadResult[], { targets }: SuiteContext): Phase[] {
  const busy = judge(targets, results, {}).filter(({ verdict }) => verdict === "busy");
  const ids = new Set(busy.map(({ id }) => id));
  return phases.filter((phase) => phase.some(({ answersFor }) => answersFor.some((id) => ids.has(id))));
}

/** One run of a suite's phases. */
class PhaseRun {
  results: LoadResult[] = [];
  readonly times = new Map<string, LoadTime>();
  readonly findings: string[] = [];
  private readonly controls: Controls;

  constructor(
    private readonly context: SuiteContext,
    private readonly bare: BareServers,
    private readonly plan: { warmupSeconds: number; rounds: number },
  ) {
    this.controls = new Controls(context, bare);
  }

  /** Rounds go over all phases, so that a round shares the machine's mood with the others of its time. */
  async runAll(phases: Phase[]): Promise<void> {
    const { rounds } = this.plan;
    for (let round = 1; round <= rounds; round += 1) {
      for (const phase of phases) {
        const isSteady = phase.some(({ rate }) => rate !== undefined);
        if (round > 1 && !isSteady) continue;
        this.results.push(...(await this.run(phase, rounds > 1 && isSteady ? round : undefined)));
        await this.context.client.clear();
      }
    }
  }

  /** Runs phases once more. What they find stands for what they found before. */
  async repeat(phases: Phase[]): Promise<void> {
    const names = new Set(phases.flat().map(({ name }) => name));
    const line = `the machine was too busy to judge ${[...names].join(", ")}: once more`;
    this.context.progress.say(`  ${line}`);
    this.findings.push(line);
    this.results = this.results.filter(({ name }) => !names.has(name));
    await this.runAll(phases);
  }

  private async run(phase: Phase, round: number | undefined): Promise<LoadResult[]> {
    const { primary } = this.context.target;
    const watch = () => (primary === undefined ? undefined : new TimeWatch(primary, [this.bare.pid]));
    const load = async () => {
      const watching = watch();
      const results = await runPhase(this.context, phase, this.plan.warmupSeconds, round);
      if (watching) this.times.set(nameOf(phase), { load: nameOf(phase), ...(await watching.end(callsOf(results))) });
      return results;
    };
    const [scenario] = phase as [Scenario];
    const isControlled = phase.length === 1 && scenario.tool !== "delivery" && scenario.rate !== undefined;
    if (isControlled) return [await this.controls.between(scenario, load)];
    this.controls.forget();
    return load();
  }
}

function nameOf(phase: Phase): string {
  return phase.map(({ name }) => name).join(" + ");
}

/** How many calls were made, those of the warm-up too. */
function callsOf(results: LoadResult[]): number {
  const ofOne = ({ measured: { calls }, plan: { seconds, warmupSeconds } }: LoadResult) =>
    (calls * (seconds + warmupSeconds)) / seconds;
  return results.reduce((sum, result) => sum + ofOne(result), 0);
}

function toOutcome({ results: made, times, findings }: PhaseRun, left: string[], rounds: number): Outcome {
  const forgiven = forgiveGenerators(made);
  const { results, findings: leftOut } = leaveOutStarved(forgiven.results);
  const notes = rounds > 1 ? [`a row is the median of ${rounds} rounds of its load; errors are counted over all`] : [];
  return {
    results,
    times: [...times.values()],
    findings: [...left, ...findings, ...forgiven.findings, ...leftOut, ...notes],
    failures: [],
    broken: faultsOf(results),
  };
}

function withDuration(scenario: Scenario, seconds: number | undefined): Scenario {
  if (seconds === undefined) return scenario;
  const isSaturation = scenario.rate === undefined;
  return { ...scenario, seconds: isSaturation ? Math.min(seconds, maxSaturationSeconds) : seconds };
}
