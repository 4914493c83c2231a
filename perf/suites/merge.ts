import type { LoadResult } from "./load.js";

/**
 * One result for each scenario of a long run, from what it had and the next of its slices, which begins at `second` and is the
 * `count`th: counts are sums, latencies those of the worst slice, and a slice is a step of the timeline.
 */
export function mergeResults(before: LoadResult[], next: LoadResult[], count: number, second: number): LoadResult[] {
  return next.map((result) => {
    const old = before.find(({ name }) => name === result.name);
    const { measured } = result;
    const { p50: p50Ms, p99: p99Ms } = measured.latencyMs;
    const step = { second, calls: measured.calls, failed: measured.failed, p50Ms, p99Ms };
    if (!old) return { ...result, measured: { ...measured, timeline: [step] } };
    return { ...result, measured: mergeMeasured(old.measured, measured, step, count) };
  });
}

type Measured = LoadResult["measured"];

function mergeMeasured(old: Measured, next: Measured, step: Measured["timeline"][number], count: number): Measured {
  const worse = (key: keyof Measured["latencyMs"]) => Math.max(old.latencyMs[key], next.latencyMs[key]);
  const bounds = new Map(old.histogram.map(({ upToMs, calls }) => [upToMs, calls]));
  for (const { upToMs, calls } of next.histogram) bounds.set(upToMs, (bounds.get(upToMs) ?? 0) + calls);
  const errors = { ...old.errors };
  for (const [text, times] of Object.entries(next.errors)) errors[text] = (errors[text] ?? 0) + times;
  return {
    calls: old.calls + next.calls,
    failed: old.failed + next.failed,
    errors,
    perSecond: old.perSecond + (next.perSecond - old.perSecond) / count,
    latencyMs: {
      p50: worse("p50"),
      p90: worse("p90"),
      p95: worse("p95"),
      p99: worse("p99"),
      p999: worse("p999"),
      max: worse("max"),
    },
    histogram: [...bounds].sort(([a], [b]) => a - b).map(([upToMs, calls]) => ({ upToMs, calls })),
    timeline: [...old.timeline, step],
    broken: next.broken,
  };
}
