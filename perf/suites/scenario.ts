import { readFileSync } from "node:fs";
import { z } from "zod";
import type { Target } from "../../slo/targets.js";
import { deliveryCall } from "./delivery.js";

/** What all scenarios have. */
const common = {
  name: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/),
  /** Which of the targets' operations its calls are. */
  operation: z.string().min(1),
  /** Connections, over all servers: one stays on one server process, so there are several for each. */
  connections: z.int().min(1).max(1000),
  /** Calls a second, in an open loop. */
  rate: z.number().positive().optional(),
  /** Callers without a pause, for saturation. */
  concurrency: z.int().positive().optional(),
  /** How long to measure. */
  seconds: z.number().positive(),
  /** Ids of the targets that it answers for. */
  answersFor: z.array(z.string()),
};

export const ghzScenario = z.strictObject({
  tool: z.literal("ghz"),
  ...common,
  /** "posta.queue.v1.QueueService/AddJob" */
  call: z.string().regex(/^[a-z0-9.]+\.[A-Za-z]+\/[A-Za-z]+$/),
  /** A file of perf/ghz/payloads with a list of requests: the mix that is sent in turn. */
  payloads: z.string(),
});

const httpScenario = z.strictObject({
  tool: z.literal("autocannon"),
  ...common,
  /** Of the gateway, or with `admin` of the admin port. */
  path: z.string().startsWith("/"),
  port: z.enum(["http", "admin"]).default("http"),
  /** As for ghz; absent: GET without a body. */
  payloads: z.string().optional(),
});

/** Messages that Posta itself sends on, from a cluster of its own. */
const deliveryScenario = z.strictObject({ tool: z.literal("delivery"), ...common });

const scenario = z
  .discriminatedUnion("tool", [ghzScenario, httpScenario, deliveryScenario])
  .refine(({ rate, concurrency }) => (rate === undefined) !== (concurrency === undefined), {
    error: "give either a rate or a concurrency",
  });

const suite = z.strictObject({
  /** Calls before each measured time that are not measured, in seconds. */
  warmupSeconds: z.number().min(0),
  /** How often the phases at a fixed rate are run; a row takes the median of the rounds. */
  rounds: z.int().min(1).max(20).default(1),
  /** One after the other; the scenarios of a phase run at once. Only a load that runs alone shows a latency. */
  phases: z.array(z.array(scenario).min(1)).min(1),
});

export type Scenario = z.infer<typeof scenario>;
export type Phase = Suite["phases"][number];
export type Suite = z.infer<typeof suite>;

/** What it calls: a method, or a path. */
export function describeCall(scenario: Scenario): string {
  if (scenario.tool === "delivery") return deliveryCall;
  return scenario.tool === "ghz" ? scenario.call : scenario.path;
}

/** Whether its calls send messages. */
export function sendsMessages(scenario: Scenario): boolean {
  return /posta\.message\.v1\.MessageService\/Send/.test(describeCall(scenario));
}

/** Reads a suite of perf/ghz; throws an error that names what is wrong in it. */
export function readSuite(name: string, targets: Target[]): Suite {
  const file = new URL(`../ghz/${name}.json`, import.meta.url);
  return parseSuite(`${name}.json`, readFileSync(file, "utf8"), targets);
}

export function parseSuite(file: string, text: string, targets: Target[]): Suite {
  const result = suite.safeParse(JSON.parse(text));
  if (!result.success) throw new Error(`${file}: ${z.prettifyError(result.error)}`);
  for (const scenario of result.data.phases.flat()) requireAnswers(file, scenario, targets);
  return result.data;
}

function requireAnswers(file: string, { name, answersFor, operation, rate }: Scenario, targets: Target[]): void {
  for (const id of answersFor) {
    const problem = findMismatch(targets.find((target) => target.id === id)?.indicator, operation, rate);
    if (problem) throw new Error(`${file}: ${name}: answersFor ${id}: ${problem}`);
  }
}

/** A latency is only good at a fixed rate, a throughput only at saturation, and both of the target's own operation. */
function findMismatch(
  indicator: Target["indicator"] | undefined,
  operation: string,
  rate: number | undefined,
): string | undefined {
  if (!indicator) return "there is no such target";
  if (indicator.kind === "errors" || indicator.kind === "memory") return "that is measured over the whole suite";
  if (indicator.operation !== operation) return `that is of ${indicator.operation}, not of ${operation}`;
  if (indicator.kind === "latency" && rate === undefined) return "a latency needs a rate";
  if (indicator.kind === "throughput" && rate !== undefined) return "a throughput needs a concurrency";
  if (indicator.kind === "mix" && rate === undefined) return "a mix needs a rate";
  return undefined;
}
