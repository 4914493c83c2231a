import { collectDefaultMetrics, type Metric, Registry } from "prom-client";
import { measureEventLoopDelay } from "./event-loop-delay.js";
import { measureHeap } from "./heap.js";
import { measureMemory } from "./memory.js";

/** prom-client's own metrics that tell too little for their cost at each scrape of each process. */
const leftOut = [
  // The first uses another clock than the rest. The others cover all turns of the event loop, which hides the slow
  // ones.
  ...["", "stddev_", "mean_", "min_", "p90_"].map((figure) => `nodejs_eventloop_lag_${figure}seconds`),
  // The sizes of V8's nine heap spaces: `make profile-heap` tells more about them.
  ...["total", "used", "available"].map((figure) => `nodejs_heap_space_size_${figure}_bytes`),
  // Their names look like counters. Their values are only the sums of nodejs_active_handles, and so on.
  ...["handles", "requests", "resources"].map((kind) => `nodejs_active_${kind}_total`),
];

/**
 * The metrics of one process. The primary merges the metrics of all processes (cluster/status/merge-metrics.ts).
 * `countsProgram`: this process counts the memory that all processes share.
 */
export function createMetrics({ countsProgram = false } = {}): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of leftOut) registry.removeSingleMetric(name);
  measureEventLoopDelay(registry);
  measureHeap(registry);
  measureMemory(registry, { countsProgram });
  // The library would merge by average. An average hides a single process whose event loop is blocked.
  for (const { name } of registry.getMetricsAsArray()) {
    if (name.startsWith("nodejs_eventloop_lag")) setAggregator(registry.getSingleMetric(name), "max");
  }
  return registry;
}

function setAggregator(metric: Metric<string> | undefined, aggregator: "max"): void {
  Object.assign(metric ?? {}, { aggregator });
}
