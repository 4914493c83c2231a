import { runAutocannon } from "../autocannon/autocannon.js";
import { runGhz } from "../ghz/ghz.js";
import { readPayloads } from "../ghz/payloads.js";
import type { Calls } from "../judge/calls.js";
import { measure, type Plan } from "../judge/measure.js";
import type { Result } from "../judge/verdict.js";
import type { Progress } from "../report/progress.js";
import type { Target } from "../watch/target.js";
import { runDelivery } from "./delivery.js";
import { describeCall, type Scenario, sendsMessages } from "./scenario.js";

/** Where a load goes, and where its tool's own report is put. */
export interface LoadContext {
  target: Target;
  folder: string;
  progress: Progress;
}

/** A result, with what was asked for. */
export interface LoadResult extends Result {
  tool: string;
  plan: Plan & { connections: number };
  what: string;
}

/** Makes loads, all at once. */
export async function runPhase(
  context: LoadContext,
  scenarios: Scenario[],
  warmupSeconds: number,
  round?: number,
): Promise<LoadResult[]> {
  const longest = Math.max(...scenarios.map(({ seconds }) => seconds)) + warmupSeconds;
  return context.progress.during(scenarios.map(({ name }) => name).join(" + "), longest, () =>
    Promise.all(scenarios.map((scenario) => runScenario(context, scenario, warmupSeconds, round))),
  );
}

/** Makes one load; its tool's own report is named after it. */
export async function runScenario(
  context: LoadContext,
  scenario: Scenario,
  warmupSeconds: number,
  round?: number,
): Promise<LoadResult> {
  const label = round === undefined ? scenario.name : `${scenario.name}-${round}`;
  const { rate, concurrency, seconds, connections } = scenario;
  const plan = { rate, concurrency, seconds, warmupSeconds, connections };
  const measured =
    scenario.tool === "delivery"
      ? await runDelivery(plan)
      : measure(await makeCalls(context, scenario, plan, label), plan);
  return {
    name: scenario.name,
    operation: scenario.operation,
    answersFor: scenario.answersFor,
    openLoop: rate !== undefined,
    measured,
    tool: scenario.tool,
    plan,
    what: describeCall(scenario),
    ...(round === undefined ? {} : { round }),
  };
}

function makeCalls(
  { target, folder }: LoadContext,
  scenario: Exclude<Scenario, { tool: "delivery" }>,
  plan: Plan & { connections: number },
  label: string,
): Promise<Calls> {
  // A suite leaves these out itself; nobody's phone should ring because one forgot to.
  if (sendsMessages(scenario) && !target.mayMessage) throw new Error(`${scenario.name}: MESSAGES=1 is not set`);
  if (scenario.tool === "ghz") {
    const { call, payloads } = scenario;
    const output = `${folder}/ghz-${label}.json`;
    return runGhz({ ...plan, call, payloads, target: target.grpc, output });
  }
  const requests = scenario.payloads === undefined ? [] : readPayloads(scenario.payloads);
  return runAutocannon({
    url: `${scenario.port === "http" ? target.http : target.admin}${scenario.path}`,
    method: scenario.payloads === undefined ? "GET" : "POST",
    bodies: requests.map((request) => JSON.stringify(request)),
    connections: plan.concurrency ?? plan.connections,
    rate: plan.rate,
    seconds: plan.seconds + plan.warmupSeconds,
  });
}
