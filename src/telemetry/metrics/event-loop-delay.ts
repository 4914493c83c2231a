import type { Registry } from "prom-client";
import { registerGauge } from "./counters.js";
import { DelayHistogram } from "./delay-histogram.js";

/** A reading covers the last one to two windows: longer than Prometheus usually waits between scrapes. */
const windowMs = 15_000;

/** For each of prom-client's names: which figure of a window it is. */
const figures = {
  max: { of: "longest", read: (delay: DelayHistogram) => delay.maxMs },
  p50: { of: "50th percentile of the", read: (delay: DelayHistogram) => delay.percentileMs(50) },
  p99: { of: "99th percentile of the", read: (delay: DelayHistogram) => delay.percentileMs(99) },
};

type Figure = keyof typeof figures;

/**
 * Measures how long the event loop of a process is blocked. prom-client's own gauges start anew at each scrape. Here
 * two readers scrape: Prometheus, and the primary's own status. Each would see only the time since the other one's
 * scrape.
 */
export function measureEventLoopDelay(registry: Registry): void {
  const delay = new DelayHistogram();
  delay.enable();
  let last: Record<Figure, number> | undefined;
  const turn = () => {
    last = delay.isEmpty ? undefined : readAll(delay);
    delay.reset();
  };
  setInterval(turn, windowMs).unref();
  for (const [name, { of }] of Object.entries(figures) as [Figure, (typeof figures)[Figure]][]) {
    const metric = `nodejs_eventloop_lag_${name}_seconds`;
    registry.removeSingleMetric(metric);
    const help = `The ${of} delay of the event loop in the last 15 to 30 seconds.`;
    registerGauge(registry, metric, help, () => readOne(name, delay, last) / 1e3);
  }
}

function readAll(delay: DelayHistogram): Record<Figure, number> {
  const all = Object.entries(figures).map(([name, { read }]) => [name, read(delay)]);
  return Object.fromEntries(all) as Record<Figure, number>;
}

/** The worse figure of the last window and the current one. */
function readOne(name: Figure, delay: DelayHistogram, last: Record<Figure, number> | undefined): number {
  if (delay.isEmpty) return last?.[name] ?? 0;
  return Math.max(figures[name].read(delay), last?.[name] ?? 0);
}
