import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { formatColumns, formatShare } from "./columns.js";
import { type CpuProfile, type CpuSummary, summariseCpu } from "./cpu-profile.js";
import { Places } from "./places.js";
import type { ProfileContext, ProfileReport } from "./profile.js";

/** How many functions the table has. */
const shown = 30;

/** A CPU profile of one server under load, start-up and warm-up left out; with a table of what took the time. */
export async function profileCpu(context: ProfileContext): Promise<ProfileReport> {
  const { file, perSecond } = await takeCpuProfile(context);
  const summary = summariseCpu(readCpuProfile(file), new Places());
  return {
    lines: [...describeTimes(summary, perSecond), "", ...formatFunctions(summary)],
    next: "open server.cpuprofile in Chrome DevTools (Performance, Load profile), VS Code, or https://www.speedscope.app; make profile-flame draws it.",
  };
}

/** Takes it; answers where it is, and what the load reached meanwhile. */
export async function takeCpuProfile(context: ProfileContext): Promise<{ file: string; perSecond: number }> {
  const { cluster, seconds, say } = context;
  const file = context.file("server.cpuprofile");
  const { report } = await cluster.underLoad(seconds, async () => {
    say(`profiling server ${cluster.busiest.pid}, one of ${cluster.agents.length}`);
    await cluster.busiest.ask("cpu-start");
    await sleep(seconds * 1000);
    await cluster.busiest.ask("cpu-stop", { file });
  });
  return { file, perSecond: report.perSecond };
}

export function readCpuProfile(file: string): CpuProfile {
  return JSON.parse(readFileSync(file, "utf8")) as CpuProfile;
}

export function describeTimes({ totalMs, idleMs, garbageMs, programMs }: CpuSummary, perSecond: number): string[] {
  const busyMs = totalMs - idleMs;
  return [
    `the load: ${Math.round(perSecond).toLocaleString("en")}/s by all servers, with the profiler's own cost`,
    `this server: ${(totalMs / 1000).toFixed(1)} s, of which idle ${formatShare(idleMs / totalMs)}; of its busy time, ` +
      `garbage collection ${formatShare(garbageMs / busyMs)}, the event loop's own system calls ${formatShare(programMs / busyMs)}`,
  ];
}

function formatFunctions({ functions, totalMs, idleMs }: CpuSummary): string[] {
  const rows = functions
    .slice(0, shown)
    .map(({ name, place, ms }) => [ms.toFixed(1), formatShare(ms / (totalMs - idleMs)), name, place]);
  return formatColumns([["self ms", "of busy", "function", "where"], ...rows], [2]);
}
