import { collectDefaultMetrics, type Metric, Registry } from "prom-client";
import { measureEventLoopDelay } from "./event-loop-delay.js";

/** The metrics of one process; the primary merges those of all (cluster/merge.ts). */
export function createMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  measureEventLoopDelay(registry);
  // Averaged, as the library would merge them, the one process whose event loop is held up would not be seen.
  for (const { name } of registry.getMetricsAsArray()) {
    if (name.startsWith("nodejs_eventloop_lag")) setAggregator(registry.getSingleMetric(name), "max");
  }
  return registry;
}

function setAggregator(metric: Metric<string> | undefined, aggregator: "max"): void {
  Object.assign(metric ?? {}, { aggregator });
}
