import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { requireCountable } from "../ghz/ghz.js";
import type { Second } from "../judge/measure.js";
import { runScenario } from "./load.js";
import { ghzScenario } from "./scenario.js";
import { faultsOf, type Outcome, type SuiteContext } from "./suite.js";

const schema = z.strictObject({
  warmupSeconds: z.number().min(0),
  /** The rate in the spike, as a multiple of the base rate. */
  factor: z.number().min(2),
  spikeSeconds: z.number().positive(),
  recoverySeconds: z.number().positive(),
  /** The base load; `seconds` is how long it goes on before the spike. */
  scenario: ghzScenario,
});

/** So many good seconds in a row are a recovery. */
const goodSeconds = 3;

/** `perf-spike`: a base load, many times that at once for some seconds, and how long it takes until all is well again. */
export async function runSpike(context: SuiteContext): Promise<Outcome> {
  const suite = schema.parse(JSON.parse(readFileSync(new URL("../ghz/spike.json", import.meta.url), "utf8")));
  const { scenario, factor, warmupSeconds, recoverySeconds } = suite;
  const rate = context.rate ?? scenario.rate ?? 300;
  const spikeSeconds = context.seconds ?? suite.spikeSeconds;
  const seconds = scenario.seconds + spikeSeconds + recoverySeconds;
  const under = { ...scenario, name: "base", rate, seconds };
  const onTop = { ...scenario, name: "spike", rate: rate * (factor - 1), seconds: spikeSeconds };
  requireCountable({ ...under, warmupSeconds });
  requireCountable({ ...onTop, warmupSeconds: 0 });
  const spike = async () => {
    await sleep((warmupSeconds + scenario.seconds) * 1000);
    return runScenario(context, onTop, 0);
  };
  const results = await context.progress.during(
    `${rate}/s, then ${rate * factor}/s for ${spikeSeconds} s`,
    seconds + warmupSeconds,
    () => Promise.all([runScenario(context, under, warmupSeconds), spike()]),
  );
  await context.client.clear();

  const objective = context.targets.find(({ id }) => id === "queue-add-p99")?.objective ?? 100;
  const spikeEnds = scenario.seconds + spikeSeconds;
  const recovery = findRecovery(results[0].measured.timeline, spikeEnds, objective);
  const worst = Math.max(...results[0].measured.timeline.map(({ p99Ms }) => p99Ms));
  const findings = [`worst second of the base load: P99 ${Math.round(worst)} ms`];
  const failures: string[] = [];
  if (recovery === undefined) failures.push(`no recovery within ${recoverySeconds} s after the spike`);
  else
    findings.push(
      `recovered ${recovery} s after the spike (P99 under ${objective} ms and no failure, ${goodSeconds} s on end)`,
    );
  return { results, findings, failures, broken: faultsOf(results) };
}

/** Seconds from the end of a spike until the first of three good seconds in a row; undefined: there are none. */
export function findRecovery(timeline: Second[], spikeEnds: number, objectiveMs: number): number | undefined {
  const after = timeline.filter(({ second }) => second >= spikeEnds);
  const isGood = ({ failed, p99Ms }: Second) => failed === 0 && p99Ms < objectiveMs;
  const first = after.findIndex((_, index) => {
    const run = after.slice(index, index + goodSeconds);
    return run.length === goodSeconds && run.every(isGood);
  });
  return first < 0 ? undefined : (after[first] as Second).second - spikeEnds;
}
