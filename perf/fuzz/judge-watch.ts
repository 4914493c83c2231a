import type { Fault } from "./judge-call.js";
import type { Limits } from "./limits.js";
import type { WatchRecord } from "./watch.js";

/** From this share of waiting on, the delay of an event loop tells of the machine. */
const starvedFrom = 0.2;

/** Which rules the processes broke. */
export function judgeWatch(record: WatchRecord, limits: Limits): Fault[] {
  const { liveness } = limits;
  const late = record.lateAnswers.map(({ at, ms, where }) => {
    return {
      rule: "liveness",
      text: `${at.toFixed(0)} s after the start /livez of port ${where} took ${Math.round(ms)} ms`,
    };
  });
  const delay = record.starvedShare < starvedFrom ? record.eventLoopP99Ms : 0;
  const slow = `the P99 of an event loop's delay was ${Math.round(delay)} ms: ${liveness.eventLoopP99Ms} are allowed`;
  return [
    ...record.unwell.map((text) => ({ rule: "process", text })),
    ...late,
    ...(delay > liveness.eventLoopP99Ms ? [{ rule: "event-loop", text: slow }] : []),
    ...judgeMemory(record, limits),
  ];
}

function judgeMemory({ memory }: WatchRecord, { memory: { peakGrowthMib, settledGrowthMib } }: Limits): Fault[] {
  return [...memory].flatMap(([pid, { role, before, peak, settled }]) => {
    const grown = (now: number, when: string, allowed: number): Fault[] => {
      const text = `${role} ${pid} grew by ${Math.round(now - before)} MiB ${when}: ${allowed} are allowed`;
      return now - before > allowed ? [{ rule: "memory", text }] : [];
    };
    return [...grown(peak, "at its peak", peakGrowthMib), ...grown(settled, "for good", settledGrowthMib)];
  });
}
