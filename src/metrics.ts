import { collectDefaultMetrics, type Metric, Registry } from "prom-client";
import { measureEventLoopDelay } from "./event-loop-delay.js";
import { measureHeap } from "./heap.js";

/** The metrics of one process; the primary merges those of all (cluster/merge.ts). */
export function createMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  measureEventLoopDelay(registry);
  measureHeap(registry);
  // They are of a clock beside the one of the others, and cost half a millisecond to read.
  for (const name of ["seconds", "stddev_seconds"]) registry.removeSingleMetric(`nodejs_eventloop_lag_${name}`);
  // Averaged, as the library would merge them, the one process whose event loop is held up would not be seen.
  for (const { name } of registry.getMetricsAsArray()) {
    if (name.startsWith("nodejs_eventloop_lag")) setAggregator(registry.getSingleMetric(name), "max");
  }
  // Their names say that they count up. What they say is the sum of nodejs_active_handles, and so on.
  for (const kind of ["handles", "requests", "resources"]) registry.removeSingleMetric(`nodejs_active_${kind}_total`);
  return registry;
}

function setAggregator(metric: Metric<string> | undefined, aggregator: "max"): void {
  Object.assign(metric ?? {}, { aggregator });
}
