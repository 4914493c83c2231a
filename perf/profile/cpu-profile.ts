import type { CallFrame, Places } from "./places.js";

/** A .cpuprofile as V8 writes it; times in microseconds. */
export interface CpuProfile {
  nodes: { id: number; callFrame: CallFrame; children?: number[] }[];
  startTime: number;
  endTime: number;
  /** The id of the node that each sample found, */
  samples: number[];
  /** and how long after the one before it was taken. */
  timeDeltas: number[];
}

/** What a function spent in itself, without what it called. */
interface SelfTime {
  name: string;
  place: string;
  ms: number;
}

export interface CpuSummary {
  totalMs: number;
  idleMs: number;
  garbageMs: number;
  /** Native code that no JavaScript called: system calls of the event loop above all. */
  programMs: number;
  /** JavaScript and what it called, longest first. */
  functions: SelfTime[];
}

/** Time by node id: a sample stands for the time until the next. */
export function selfTimes({ samples, timeDeltas, endTime, startTime }: CpuProfile): Map<number, number> {
  const times = new Map<number, number>();
  const measured = timeDeltas.reduce((sum, delta) => sum + delta, 0);
  samples.forEach((id, index) => {
    const ms = (timeDeltas[index + 1] ?? Math.max(0, endTime - startTime - measured)) / 1000;
    times.set(id, (times.get(id) ?? 0) + ms);
  });
  return times;
}

/** What the time went into, by function. */
export function summariseCpu(profile: CpuProfile, places: Places): CpuSummary {
  const times = selfTimes(profile);
  const functions = new Map<string, SelfTime>();
  const special: Record<string, number> = { "(idle)": 0, "(garbage collector)": 0, "(program)": 0, "(root)": 0 };
  for (const { id, callFrame } of profile.nodes) {
    const ms = times.get(id) ?? 0;
    const name = callFrame.functionName || "(anonymous)";
    if (special[name] !== undefined) special[name] += ms;
    else addTime(functions, { name, place: places.of(callFrame), ms });
  }
  return {
    totalMs: [...times.values()].reduce((sum, ms) => sum + ms, 0),
    idleMs: special["(idle)"] as number,
    garbageMs: special["(garbage collector)"] as number,
    programMs: special["(program)"] as number,
    functions: [...functions.values()].filter(({ ms }) => ms > 0).sort((a, b) => b.ms - a.ms),
  };
}

function addTime(functions: Map<string, SelfTime>, time: SelfTime): void {
  const key = `${time.name} ${time.place}`;
  const known = functions.get(key);
  if (known) known.ms += time.ms;
  else functions.set(key, time);
}
