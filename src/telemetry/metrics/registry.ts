import { collectDefaultMetrics, type Metric, Registry } from "prom-client";
import { measureEventLoopDelay } from "./event-loop-delay.js";
import { measureHeap } from "./heap.js";

/** Of prom-client's own metrics those that tell too little for what they cost each scrape of each process. */
const leftOut = [
  // Of a clock beside that of the others; and figures of all turns of the loop, which hide the slow ones.
  ...["", "stddev_", "mean_", "min_", "p90_"].map((figure) => `nodejs_eventloop_lag_${figure}seconds`),
  // V8's nine spaces: `make profile-heap` tells more of them.
  ...["total", "used", "available"].map((figure) => `nodejs_heap_space_size_${figure}_bytes`),
  // Their names say that they count up. What they say is the sum of nodejs_active_handles, and so on.
  ...["handles", "requests", "resources"].map((kind) => `nodejs_active_${kind}_total`),
];

/** The metrics of one process; the primary merges those of all (cluster/status/merge-metrics.ts). */
export function createMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of leftOut) registry.removeSingleMetric(name);
  measureEventLoopDelay(registry);
  measureHeap(registry);
  // Averaged, as the library would merge them, the one process whose event loop is held up would not be seen.
  for (const { name } of registry.getMetricsAsArray()) {
    if (name.startsWith("nodejs_eventloop_lag")) setAggregator(registry.getSingleMetric(name), "max");
  }
  return registry;
}

function setAggregator(metric: Metric<string> | undefined, aggregator: "max"): void {
  Object.assign(metric ?? {}, { aggregator });
}
