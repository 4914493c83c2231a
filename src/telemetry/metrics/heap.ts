import { getHeapStatistics } from "node:v8";
import type { Registry } from "prom-client";
import { registerGauge } from "./counters.js";

const figures = {
  heap_size_total: { help: "What V8 has reserved for the heap.", of: "total_heap_size" },
  heap_size_used: { help: "What of the heap is used.", of: "used_heap_size" },
  external_memory: { help: "What objects of the heap hold outside of it.", of: "external_memory" },
} as const;

/**
 * Registers prom-client's heap metrics under their own names, but takes the figures from V8. prom-client takes them
 * from process.memoryUsage(). That call asks the system for more than these metrics show, and blocks the event loop for
 * a millisecond at each scrape.
 */
export function measureHeap(registry: Registry): void {
  for (const [name, { help, of }] of Object.entries(figures)) {
    const metric = `nodejs_${name}_bytes`;
    registry.removeSingleMetric(metric);
    registerGauge(registry, metric, help, () => getHeapStatistics()[of]);
  }
}
