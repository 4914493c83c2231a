/**
 * `make perf` and `make perf-<suite>`: runs a suite against a private cluster (or TARGET=host:port), judges it by
 * targets.json, and leaves a report in perf/results/. Exit status 0: no critical value is passed (with STRICT=1: every
 * objective is met); 1 otherwise, and for a run whose figures are not to be used; 3 with STRICT=1 if the machine was too
 * busy to judge. ONLY=job-read,track runs some loads.
 */
import { relative } from "node:path";
import { readTargets } from "../slo/targets.js";
import { requireGhz } from "./ghz/ghz.js";
import { exitStatus, type SuiteVerdict } from "./judge/verdict.js";
import { writeHtml } from "./report/html.js";
import { Progress } from "./report/progress.js";
import { makeFolder, summarise, writeSummary } from "./report/summary.js";
import { formatSummary } from "./report/table.js";
import { parseDuration, parseRate, parseRounds } from "./suites/duration.js";
import { runEndurance } from "./suites/endurance.js";
import { findRun } from "./suites/endurance-state.js";
import { runPhases } from "./suites/phases.js";
import { runSpike } from "./suites/spike.js";
import { runStress } from "./suites/stress.js";
import type { Outcome, SuiteContext } from "./suites/suite.js";
import { PerfClient } from "./watch/client.js";
import { findLosses } from "./watch/losses.js";
import { Sampler } from "./watch/sampler.js";
import { openTarget } from "./watch/target.js";

const suites: Record<string, (context: SuiteContext) => Promise<Outcome>> = {
  smoke: (context) => runPhases("smoke", context),
  load: (context) => runPhases("load", context),
  stress: runStress,
  spike: runSpike,
  endurance: runEndurance,
};

async function run(suite: string, env: NodeJS.ProcessEnv): Promise<SuiteVerdict> {
  const runSuite = suites[suite];
  if (!runSuite) throw new Error(`there is no suite "${suite}": use one of ${Object.keys(suites).join(", ")}`);
  const [seconds, rate] = [parseDuration("DURATION", env.DURATION), parseRate("RATE", env.RATE)];
  const rounds = parseRounds("ROUNDS", env.ROUNDS);
  const only = (env.ONLY ?? "").split(",").filter(Boolean);
  requireGhz();
  const targets = readTargets();
  const startedAt = new Date();
  const resumed = suite === "endurance" && env.RESUME ? findRun(env) : undefined;
  const progress = new Progress();
  const target = await openTarget(env);
  progress.say(`${suite}: ${target.description}`);
  const client = new PerfClient(target.grpc);
  const sampler = new Sampler(target);
  try {
    await client.seed().catch((error) => {
      throw new Error(`${env.TARGET ? "TARGET: " : ""}${target.grpc} takes no jobs: ${error.message}`);
    });
    sampler.start();
    const folder = resumed ?? makeFolder(suite, startedAt, env.RESULTS);
    const outcome = await runSuite({ target, folder, progress, targets, client, sampler, seconds, rounds, rate, only });
    outcome.broken = [...new Set([...outcome.broken, ...(await findLosses(target))])];
    const found = { targets, outcome, samples: sampler.take() };
    const summary = summarise({ suite, startedAt, target: target.description, ...found });
    writeSummary(folder, summary);
    console.log(formatSummary(summary));
    writeHtml(folder, summary);
    console.log(`report: ${relative(process.cwd(), folder)}/report.html`);
    return summary.verdict;
  } finally {
    await sampler.stop();
    await client.leave().catch(() => {}); // A service that is lost has nothing to be cleared away.
    client.close();
    await target.stop();
  }
}

try {
  const verdict = await run(process.argv[2] ?? "load", process.env);
  process.exitCode = exitStatus(verdict, process.env.STRICT === "1");
} catch (error) {
  console.error(`perf: ${(error as Error).message}`);
  process.exitCode = 1;
}
