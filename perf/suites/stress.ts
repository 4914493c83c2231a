import { readFileSync } from "node:fs";
import { z } from "zod";
import { maxCalls } from "../ghz/ghz.js";
import { judge } from "../judge/verdict.js";
import { type LoadResult, runScenario } from "./load.js";
import { ghzScenario } from "./scenario.js";
import { describeBreach, type Outcome, type SuiteContext } from "./suite.js";

const schema = z.strictObject({
  warmupSeconds: z.number().min(0),
  /** Each step's rate is that of the one before, times this. */
  growth: z.number().min(1.1).max(10),
  maxRate: z.number().positive(),
  /** How often the gap between the last good rate and the first bad one is halved. */
  refinements: z.int().min(0).max(10),
  scenario: ghzScenario,
});

/** Targets that a step must meet. */
const goals = ["queue-add-p50", "queue-add-p95", "queue-add-p99", "error-rate"];

export interface Step {
  rate: number;
  result: LoadResult;
  /** Why it is not good; undefined: every objective is met. */
  breach: string | undefined;
}

/** `perf-stress`: rates that rise until a target breaks; finds the knee, the highest rate that still meets all. */
export async function runStress(context: SuiteContext): Promise<Outcome> {
  const suite = schema.parse(JSON.parse(readFileSync(new URL("../ghz/stress.json", import.meta.url), "utf8")));
  const stepSeconds = (context.seconds ?? suite.scenario.seconds) + suite.warmupSeconds;
  const maxRate = Math.min(suite.maxRate, Math.floor(maxCalls / stepSeconds));
  const steps: Step[] = [];
  async function step(rate: number): Promise<Step> {
    const done = await runStep(context, suite, Math.floor(rate));
    steps.push(done);
    return done;
  }

  let rate = context.rate ?? suite.scenario.rate ?? 500;
  let next = await step(rate);
  let good: Step | undefined;
  while (!next.breach && rate * suite.growth <= maxRate) {
    good = next;
    rate *= suite.growth;
    next = await step(rate);
  }
  if (!next.breach) good = next;
  let bad = next.breach ? next : undefined;
  for (let turn = 0; good && bad && turn < suite.refinements; turn += 1) {
    const middle = await step((good.rate + bad.rate) / 2);
    if (middle.breach) bad = middle;
    else good = middle;
  }
  return toOutcome(steps, good, bad, maxRate);
}

async function runStep(context: SuiteContext, suite: z.infer<typeof schema>, rate: number): Promise<Step> {
  const name = `queue-add-at-${rate}`;
  const seconds = context.seconds ?? suite.scenario.seconds;
  const result = await context.progress.during(name, seconds + suite.warmupSeconds, () =>
    runScenario(context, { ...suite.scenario, name, rate, seconds }, suite.warmupSeconds),
  );
  await context.client.clear();
  return { rate, result, breach: findBreach(context, result) };
}

function findBreach({ targets }: SuiteContext, result: LoadResult): string | undefined {
  const [fault] = result.measured.broken;
  if (fault) return fault;
  const rows = judge(
    targets.filter(({ id }) => goals.includes(id)),
    [{ ...result, answersFor: goals }],
    {},
  );
  const broken = rows.find(({ verdict }) => verdict !== "met");
  return broken && describeBreach(broken);
}

/**
 * The rows are those of the knee; a first step that fails is judged itself. Where no rate broke a target there is no knee, and no
 * throughput: more was not tried.
 */
export function toOutcome(steps: Step[], good: Step | undefined, bad: Step | undefined, maxRate: number): Outcome {
  const judged = good ?? (steps[0] as Step);
  const results = steps.map((step) => ({
    ...step.result,
    // The others went where they went to find the knee: they answer for nothing.
    openLoop: step === judged,
    answersFor: step === judged ? [...goals, ...(bad ? ["queue-throughput"] : [])] : [],
  }));
  const findings = bad
    ? [
        good ? `knee: ${good.rate}/s is the highest rate that met every objective` : "no rate met every objective",
        `at ${bad.rate}/s: ${bad.breach}`,
      ]
    : [
        `no target broke up to ${judged.rate}/s; the most that may be tried is ${maxRate}/s (a shorter DURATION allows more)`,
      ];
  const broken = good ? [] : judged.result.measured.broken;
  return { results, findings, failures: [], broken };
}
