import { Registry } from "prom-client";
import { expect, it } from "vitest";
import { measureHeap } from "../src/heap.js";
import { createMetrics } from "../src/metrics.js";

it("shows the heap as V8 has it, in place of the library's own metrics", async () => {
  const metrics = createMetrics();
  const valueIn = async (name: string) => (await metrics.getSingleMetric(name)?.get())?.values[0]?.value ?? Number.NaN;
  const { heapTotal, heapUsed, external } = process.memoryUsage();
  const used = await valueIn("nodejs_heap_size_used_bytes");
  expect(used / heapUsed).toBeGreaterThan(0.5);
  expect(used / heapUsed).toBeLessThan(2);
  expect((await valueIn("nodejs_heap_size_total_bytes")) / heapTotal).toBeGreaterThan(0.5);
  expect((await valueIn("nodejs_external_memory_bytes")) / external).toBeGreaterThan(0.5);
});

it("adds them where there are none", () => {
  const registry = new Registry();
  measureHeap(registry);
  expect(registry.getMetricsAsArray()).toHaveLength(3);
});
