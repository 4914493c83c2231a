import type { CheckState } from "../../src/health/check.js";
import type { Figure } from "./figure.js";
import type { ProcessStatus } from "./processes.js";
import type { Status, WorkersStatus } from "./status.js";

/** The status as text for a terminal: one line per figure, with the state first. */
export function statusText(status: Status): string {
  const { state, at, ageMs, windowSeconds, callsPerSecond, health } = status;
  const head = [
    `posta: ${state}; ${at}, measured ${seconds(ageMs)} ago, over ${windowSeconds} s; ${amount(callsPerSecond)} calls/s`,
    `health ${health.status}: ${serving(health.servers)} servers serve, ${serving(health.deliveries)} delivery processes; ${health.restarts} restarts`,
  ];
  const checks = health.checks.map((check) => checkLine(check, Date.parse(at)));
  const items = status.checklist.flatMap(({ name, figures }) => ["", name, ...figures.map(figureLine)]);
  const workers = ["", "Workers", workersLine(status.workers, windowSeconds)];
  const processes = ["", "Processes", ...status.processes.map(processLine)];
  return `${[...head, ...checks, ...items, ...workers, ...processes].join("\n")}\n`;
}

function serving(processes: { serving: boolean }[]): string {
  return `${processes.filter(({ serving }) => serving).length} of ${processes.length}`;
}

function checkLine({ name, status, since, detail }: CheckState, at: number): string {
  return `  ${status.padEnd(12)} ${name.padEnd(42)} ${`for ${seconds(at - since)}`.padStart(11)}  ${detail}`;
}

function figureLine({ state, name, value, unit, objective, critical, better, detail, ageMs }: Figure): string {
  const measured = value === undefined ? "-" : `${amount(value)} ${unit}`;
  const sign = better === "more" ? ">=" : "<=";
  const age = state === "STALE" ? `${seconds(ageMs)} old; ` : "";
  const target = `${sign} ${amount(objective)} ${unit}, critical ${amount(critical)}`;
  return `  ${state.padEnd(12)} ${name.padEnd(42)} ${measured.padStart(11)}  ${target.padEnd(30)} ${age}${detail}`;
}

function workersLine(workers: WorkersStatus, windowSeconds: number): string {
  const { sessions, running, credits, waitingCalls, leasedPerSecond, finishedPerSecond, lost } = workers;
  const now = `sessions ${sessions}, jobs ${running} of ${credits}, waiting calls ${waitingCalls}`;
  const rates = `leased ${amount(leasedPerSecond)}/s, finished ${amount(finishedPerSecond)}/s`;
  return `  ${now}; ${rates}${lost === undefined ? "" : `, lost ${lost} in ${windowSeconds} s`}`;
}

function processLine(process: ProcessStatus): string {
  const { role, pid, serving, memoryMib = 0, cpuPercent = 0, eventLoopDelayMs = 0, silentMs = 0 } = process;
  const state = silentMs > 6000 ? `silent for ${seconds(silentMs)}` : serving ? "serving" : "not serving";
  const figures = `${amount(memoryMib)} MiB, ${amount(cpuPercent)}% of a core, event loop ${amount(eventLoopDelayMs)} ms`;
  return `  ${role.padEnd(9)} ${String(pid).padEnd(8)} ${state}; ${figures}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

/** About three digits: 0.03, 1.25, 12.5, 1,234. */
function amount(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}
