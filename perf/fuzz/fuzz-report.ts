import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { answerRatio, type Cost } from "./amplification.js";
import type { FaultKind } from "./fault-book.js";
import type { WatchRecord } from "./watch.js";

/** What a run found. */
export interface FuzzReport {
  seed: number;
  seconds: number;
  calls: number;
  /** How many of the large requests there was time for. */
  heavy: { sent: number; all: number };
  faults: FaultKind[];
  worst: { answer: Cost[]; cpu: Cost[] };
  watch: WatchRecord;
  ends: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** Writes report.json. */
export function writeFuzzReport(folder: string, report: FuzzReport): void {
  const { watch, ends, ...rest } = report;
  const byStatus = Object.fromEntries([...ends].map(([target, counts]) => [target, Object.fromEntries(counts)]));
  const memory = Object.fromEntries(watch.memory);
  const content = { ...rest, watch: { ...watch, memory }, ends: byStatus };
  writeFileSync(join(folder, "report.json"), `${JSON.stringify(content, undefined, 2)}\n`);
}

/** The report for a terminal: what cost most, what the processes took, each kind of fault, and a last line that sums up. */
export function formatFuzzReport(report: FuzzReport, folder: string): string {
  const { seed, seconds, calls, faults, worst, watch, heavy } = report;
  const memory = [...watch.memory].map(([pid, { role, before, peak, settled }]) => {
    return `  ${role} ${pid}: ${[before, peak, settled].map((mib) => Math.round(mib)).join(" -> ")} MiB (before, peak, after)`;
  });
  const verdict = faults.length === 0 ? "no fault" : `FAILED: ${faults.length} kinds of faults`;
  const rate = Math.round(calls / seconds);
  return [
    "",
    "largest answers for their requests:",
    ...worst.answer.map((cost) => `  ${answerRatio(cost).toFixed(1)} times  ${describeCost(cost)}`),
    "most CPU for a request sent alone:",
    ...worst.cpu.map((cost) => `  ${(cost.cpuSeconds ?? 0).toFixed(2)} s  ${describeCost(cost)}`),
    "processes:",
    ...memory,
    `  slowest /livez ${Math.round(watch.worstAnswerMs)} ms, event-loop delay P99 ${Math.round(watch.eventLoopP99Ms)} ms, waited for a processor ${Math.round(watch.starvedShare * 100)}% of the time`,
    ...faults.map((fault) => describeFault(fault)),
    `fuzz: ${verdict}; seed ${seed}, ${calls} calls (${rate}/s), ${heavy.sent} of ${heavy.all} large requests; ${relative(process.cwd(), folder)}/report.json`,
  ].join("\n");
}

function describeCost({ target, form, shape, requestBytes, answerBytes, number }: Cost): string {
  return `${target} (${form}), ${shape ?? `case ${number}`}: ${requestBytes} bytes, answer ${answerBytes}`;
}

function describeFault({ rule, form, targets, text, count, number, oddities, caller, file }: FaultKind): string {
  const odd = oddities.length > 0 ? `, ${oddities.join(" and ")}` : "";
  const origin = number === undefined ? "" : ` [case ${number}, ${caller}${odd}]`;
  const [first, ...others] = targets;
  const more = others.length > 0 ? ` and ${others.length} more` : "";
  const where = first === undefined ? "" : ` ${first}${more} (${form})`;
  const replay = file === undefined ? "" : `\n    REPLAY=${relative(process.cwd(), file)}`;
  return `FAULT ${rule}${where}: ${text.slice(0, 300)} (${count} times)${origin}${replay}`;
}
