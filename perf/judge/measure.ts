import type { Calls } from "./calls.js";

/** How a load was to be made: at a fixed rate (open loop), or by so many callers without a pause (saturation). */
export interface Plan {
  /** Calls a second. */
  rate?: number | undefined;
  /** Callers. */
  concurrency?: number | undefined;
  /** How long to measure, after `warmupSeconds` that are not. */
  seconds: number;
  warmupSeconds: number;
}

/** Latencies in milliseconds. */
interface Percentiles {
  p50: number;
  p90: number;
  p95: number;
  p99: number;
  p999: number;
  max: number;
}

/** One second of a load. */
export interface Second {
  second: number;
  /** Calls that were due in it. */
  calls: number;
  failed: number;
  p50Ms: number;
  p99Ms: number;
}

/** What a load showed. */
export interface Measured {
  /** Calls in the measured time. */
  calls: number;
  failed: number;
  errors: Record<string, number>;
  /** Calls that succeeded, a second. */
  perSecond: number;
  latencyMs: Percentiles;
  /** How many calls took up to each bound and over the one before. */
  histogram: { upToMs: number; calls: number }[];
  timeline: Second[];
  /** Why the figures are not to be used. Empty: they are. */
  broken: string[];
}

/** How the fault begins that is the machine's, not the service's. */
export const starved = "the load generator was starved of CPU";
/** How the fault begins of a tool that made fewer calls than it should have. */
export const tooFew = "only ";
/** A call that the tool sent so much after it was due counts as late. */
const lateMs = 50;
/** More than this share of late calls, and the tool was starved. */
const maxLateShare = 0.05;
/** Fewer than this share of the calls that were to be made, and the run is not the one that was asked for. */
const minSentShare = 0.98;
/** When so large a share of the calls fails at the very end for want of a server, the server was lost. */
const lostShare = 0.02;

/**
 * Reduces calls to figures. In an open loop a call's latency counts from when it was due: what waited behind a slow call,
 * or in the tool, is part of it, so nothing is omitted because the load waited. Failed calls count like others.
 */
export function measure(calls: Calls, plan: Plan): Measured {
  const { start, latency, failed } = calls;
  const due = dueTimes(start, plan.rate);
  const from = firstFrom(due, plan.warmupSeconds * 1000);
  // autocannon makes some more calls than were asked for.
  const until = firstFrom(due, (plan.warmupSeconds + plan.seconds) * 1000);
  const total = Float64Array.from(due.subarray(from, until), (at, index) => {
    const call = from + index;
    return (latency[call] as number) + Math.max(0, (start[call] as number) - at);
  });
  const failures = failed.subarray(from, until);
  const failedCount = failures.reduce((sum, flag) => sum + flag, 0);
  return {
    calls: total.length,
    failed: failedCount,
    errors: calls.errors,
    perSecond: (total.length - failedCount) / plan.seconds,
    latencyMs: percentiles(total),
    histogram: toHistogram(total),
    timeline: toTimeline(due.subarray(from, until), total, failures, plan.warmupSeconds * 1000),
    broken: findFaults(calls, plan, due, total.length),
  };
}

/** When each call was due: in an open loop by the clock, else when it was sent. */
function dueTimes(start: Float64Array, rate: number | undefined): Float64Array {
  return rate === undefined ? start : Float64Array.from(start, (_, index) => (index * 1000) / rate);
}

function firstFrom(times: Float64Array, atMs: number): number {
  const index = times.findIndex((time) => time >= atMs);
  return index < 0 ? times.length : index;
}

function percentiles(latencies: Float64Array): Percentiles {
  const sorted = latencies.slice().sort();
  const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99), p999: at(0.999), max: at(1) };
}

/** Bounds that grow by a quarter, from 0.1 ms: fine where latencies usually are, and few. */
function toHistogram(latencies: Float64Array): { upToMs: number; calls: number }[] {
  const counts = new Map<number, number>();
  for (const latency of latencies) {
    const step = Math.max(0, Math.ceil(Math.log(latency / 0.1) / Math.log(1.25)));
    counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  const steps = [...counts.keys()].sort((a, b) => a - b);
  return steps.map((step) => ({ upToMs: round(0.1 * 1.25 ** step), calls: counts.get(step) as number }));
}

function toTimeline(due: Float64Array, latencies: Float64Array, failed: Uint8Array, fromMs: number): Second[] {
  const timeline: Second[] = [];
  for (let from = 0; from < due.length; ) {
    const second = Math.floor(((due[from] as number) - fromMs) / 1000);
    let until = from;
    while (until < due.length && Math.floor(((due[until] as number) - fromMs) / 1000) === second) until += 1;
    const { p50, p99 } = percentiles(latencies.subarray(from, until));
    const failures = failed.subarray(from, until).reduce((sum, flag) => sum + flag, 0);
    timeline.push({ second, calls: until - from, failed: failures, p50Ms: round(p50), p99Ms: round(p99) });
    from = until;
  }
  return timeline;
}

function findFaults(calls: Calls, plan: Plan, due: Float64Array, count: number): string[] {
  if (count === 0) return ["nothing was measured: no call in the measured time"];
  const faults: string[] = [];
  if (calls.starved !== undefined) faults.push(`${starved}: ${calls.starved}`);
  const lost = countLastFailures(calls);
  if (isUnreachable(calls) && lost >= Math.max(20, count * lostShare)) {
    faults.push(`the server was lost: the last ${lost} calls failed (${firstError(calls)})`);
  }
  if (plan.rate === undefined) return faults;
  const wanted = Math.round(plan.rate * (plan.seconds + plan.warmupSeconds));
  if (due.length < wanted * minSentShare) faults.push(`${tooFew}${due.length} of ${wanted} calls were made`);
  const late = calls.start.filter((at, index) => at - (due[index] as number) > lateMs).length / due.length;
  if (late > maxLateShare && calls.starved === undefined) {
    const share = (late * 100).toFixed(0);
    faults.push(`${starved}: ${share}% of the calls were sent over ${lateMs} ms late`);
  }
  return faults;
}

function countLastFailures({ failed }: Calls): number {
  const lastGood = failed.lastIndexOf(0);
  return failed.length - 1 - lastGood;
}

/** Whether all that failed did so because no server answered; one that answers errors is judged by its rows. */
function isUnreachable({ errors }: Calls): boolean {
  const kinds = Object.keys(errors);
  return kinds.length > 0 && kinds.every((kind) => /^(Unavailable|connection)/.test(kind));
}

function firstError({ errors }: Calls): string {
  return (Object.keys(errors)[0] ?? "no text").slice(0, 120);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
