import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { readUsage, type Usage } from "../watch/processes.js";
import type { ProfiledCluster } from "./cluster.js";
import { formatColumns } from "./columns.js";
import { type Diagnosis, diagnose, type Symptoms } from "./diagnosis.js";
import type { ProfileContext, ProfileReport } from "./profile.js";

/** Watches all processes under load, and says what is well and what to look at. */
export async function profileDoctor({ cluster, seconds, file, say }: ProfileContext): Promise<ProfileReport> {
  const { report, result: symptoms } = await cluster.underLoad(seconds, () => {
    say(`watching ${cluster.agents.length} servers, the primary and Redis`);
    return observe(cluster, seconds);
  });
  const diagnoses = diagnose(symptoms);
  writeFileSync(file("diagnosis.json"), `${JSON.stringify({ load: report, diagnoses, symptoms }, null, 1)}\n`);
  const troubles = diagnoses.filter(({ ok }) => !ok);
  return {
    lines: [
      `the load: ${Math.round(report.perSecond).toLocaleString("en")}/s by all servers`,
      "",
      ...formatDiagnoses(diagnoses),
      ...formatAdvice(troubles),
    ],
    next: `${troubles.length === 0 ? "nothing stands out" : `${troubles.length} to look at`}; diagnosis.json has all figures.`,
  };
}

async function observe({ agents, primary }: ProfiledCluster, seconds: number): Promise<Symptoms> {
  const [before, machineBefore] = [readUsage(primary), readMachine()];
  for (const agent of agents) await agent.ask("watch-start");
  await sleep(seconds * 1000);
  const watched = await Promise.all(agents.map((agent) => agent.ask("watch-stop")));
  const [after, machine] = [readUsage(primary), readMachine()];
  const length = watched[0]?.seconds ?? seconds;
  const cores = (wanted: (usage: Usage) => boolean) =>
    after
      .filter(wanted)
      .map(({ pid, cpuSeconds }) => cpuSeconds - (before.find((usage) => usage.pid === pid)?.cpuSeconds ?? cpuSeconds))
      .reduce((sum, used) => sum + used / length, 0);
  return {
    servers: watched.map((figures, index) => {
      const pid = agents[index]?.pid ?? 0;
      return { ...figures, pid, cores: cores((usage) => usage.pid === pid) };
    }),
    primaryCores: cores(({ role }) => role === "primary"),
    redisCores: cores(({ role }) => role === "redis"),
    machineUse: (machine.used - machineBefore.used) / (machine.all - machineBefore.all),
  };
}

/** Time of all cores since the machine began. */
function readMachine(): { used: number; all: number } {
  const times = cpus().map((cpu) => cpu.times);
  const all = times.flatMap((time) => Object.values(time)).reduce((sum, ms) => sum + ms, 0);
  return { all, used: all - times.reduce((sum, { idle }) => sum + idle, 0) };
}

function formatDiagnoses(diagnoses: Diagnosis[]): string[] {
  const rows = diagnoses.map(({ ok, what, measured, limit }) => [ok ? "ok" : "look at", what, measured, limit]);
  return [...formatColumns([["", "what", "measured", "limit"], ...rows], [0, 1, 2]), ""];
}

/** Once for each piece of advice, which may be for several servers. */
function formatAdvice(troubles: Diagnosis[]): string[] {
  const advices = new Set(troubles.map(({ advice }) => advice));
  return [...advices].map((advice) => {
    const about = troubles.filter((trouble) => trouble.advice === advice).map(({ what }) => what);
    return `look at ${about.join(" and ")}: ${advice}`;
  });
}
