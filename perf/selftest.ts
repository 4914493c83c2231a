/**
 * `make perf-selftest`: shows that the gate can be trusted. It fails for servers that are slow or answer errors, for builds
 * that are slowed by 30%, and for builds that are slowed past an objective. It does not fail for a build against itself.
 * RUNS=10: how often each slowed build is tried; STEPS=smoke,load,slower,itself for some.
 */
import { requireGhz } from "./ghz/ghz.js";
import { type Count, countItself, countPastObjective, countSlower, readCosts } from "./selftest/gate.js";
import { checkSmoke } from "./selftest/smoke.js";

const steps = ["smoke", "load", "slower", "itself"] as const;

function readRuns(text: string | undefined): number {
  const runs = Number(text || 10);
  if (Number.isInteger(runs) && runs >= 1 && runs <= 100) return runs;
  throw new Error(`RUNS: "${text}" is no number of runs; use 1 to 100`);
}

function readSteps(text: string | undefined): Set<string> {
  const wanted = (text || steps.join(",")).split(",");
  const unknown = wanted.find((step) => !steps.some((known) => known === step));
  if (unknown !== undefined) throw new Error(`STEPS: there is no step "${unknown}"; use some of ${steps.join(",")}`);
  return new Set(wanted);
}

async function run(): Promise<Count[]> {
  const [runs, wanted] = [readRuns(process.env.RUNS), readSteps(process.env.STEPS)];
  requireGhz();
  const counts: Count[] = [];
  if (wanted.has("smoke")) await checkSmoke();
  if (wanted.has("load")) counts.push(await countPastObjective(runs));
  if (wanted.has("slower")) counts.push(...(await countSlower(runs, await readCosts())));
  if (wanted.has("itself")) counts.push(await countItself(2 * runs));
  return counts;
}

try {
  const begun = performance.now();
  const counts = await run();
  for (const { what, failed, runs, wanted } of counts) {
    console.log(`${failed === wanted ? "ok" : "FAILED"}: ${what}: ${failed} of ${runs} runs failed, ${wanted} should`);
  }
  console.log(`perf-selftest took ${Math.round((performance.now() - begun) / 1000)} s`);
  if (counts.some(({ failed, wanted }) => failed !== wanted)) process.exitCode = 1;
} catch (error) {
  console.error(`perf-selftest: ${(error as Error).message}`);
  process.exitCode = 1;
}
