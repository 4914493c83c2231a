/**
 * `make profile-<kind>`: runs SCENARIO (add-job) against a private cluster, looks into its servers for DURATION (10s), and
 * leaves what it saw in perf/results/. `make profile-all` does one kind after the other. Exit status 1: the load failed, or
 * a leak is suspected.
 */
import { join, relative } from "node:path";
import { makeFolder } from "../report/summary.js";
import { parseDuration } from "../suites/duration.js";
import { ProfiledCluster } from "./cluster.js";
import { kinds } from "./kinds.js";
import { findScenario } from "./scenarios.js";

/** One for all kinds, but for those after one that failed: it may have left it without a server. */
let cluster: ProfiledCluster | undefined;

async function run(kind: string): Promise<boolean> {
  const profile = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (!profile) throw new Error(`there is no profile "${kind}"; use one of ${Object.keys(kinds).join(", ")}, all`);
  const scenario = findScenario(process.env.SCENARIO);
  const seconds = parseDuration("DURATION", process.env.DURATION) ?? 10;
  const say = (text: string) => console.log(`profile-${kind}: ${text}`);
  say(`${scenario.name}, ${seconds} s, on a private cluster with an embedded Redis`);
  await cluster?.clear();
  cluster ??= await ProfiledCluster.start(scenario);
  const folder = makeFolder(`profile-${kind}`, new Date());
  const file = (name: string) => join(folder, name);
  const { lines, next, failed = false } = await profile({ cluster, seconds, scenario: scenario.name, file, say });
  console.log(["", ...lines, ""].join("\n"));
  say(`written to ${relative(process.cwd(), folder)}/`);
  say(next);
  return failed;
}

async function stop(): Promise<void> {
  await cluster?.stop();
  cluster = undefined;
}

const [kind = "cpu"] = process.argv.slice(2);
for (const each of kind === "all" ? Object.keys(kinds) : [kind]) {
  try {
    if (await run(each)) process.exitCode = 1;
  } catch (error) {
    console.error(`profile-${each}: ${(error as Error).message}`);
    process.exitCode = 1;
    await stop();
  }
}
await stop();
