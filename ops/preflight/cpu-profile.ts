import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ProfiledCluster } from "../../perf/profile/cluster.js";
import { formatShare } from "../../perf/profile/columns.js";
import { type CpuSummary, summariseCpu } from "../../perf/profile/cpu-profile.js";
import { Places } from "../../perf/profile/places.js";
import { readCpuProfile, takeCpuProfile } from "../../perf/profile/profile-cpu.js";
import { findScenario } from "../../perf/profile/scenarios.js";
import { type Finding, toFinding } from "./check.js";

const seconds = 4;
const shown = 5;

/** Profiles a server under AddJob, at saturation; the profile stays in a folder of the results. */
export async function checkCpuProfile(results: string): Promise<Finding> {
  const scenario = findScenario("add-job");
  const folder = join(results, "preflight");
  mkdirSync(folder, { recursive: true });
  const cluster = await ProfiledCluster.start(scenario);
  try {
    const context = { cluster, seconds, scenario: scenario.name, file: (name: string) => join(folder, name), say() {} };
    const { file, perSecond } = await takeCpuProfile(context);
    return judgeProfile(summariseCpu(readCpuProfile(file), new Places()), perSecond);
  } finally {
    await cluster.stop();
  }
}

/** There is no target for where the time goes: it is shown, and fails only if there is nothing to show. */
export function judgeProfile(summary: CpuSummary, perSecond: number): Finding {
  const { totalMs, idleMs, garbageMs, programMs, functions } = summary;
  const busyMs = totalMs - idleMs;
  const share = (ms: number) => formatShare(ms / busyMs);
  const top = functions.slice(0, shown).map(({ name, place, ms }) => `${name} (${place}) ${share(ms)}`);
  const evidence = [
    `AddJob at ${Math.round(perSecond).toLocaleString("en")}/s, a server ${formatShare(busyMs / totalMs)} busy`,
    `garbage collection ${share(garbageMs)}, the event loop's own system calls ${share(programMs)}`,
    `most in ${top.join(", ")}`,
  ];
  return toFinding(top.length > 0, evidence.join("; "), "see with `make profile-cpu` why the server was idle");
}
