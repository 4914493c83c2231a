import { getHeapStatistics } from "node:v8";
import { Registry } from "prom-client";
import { expect, it, vi } from "vitest";
import { measureHeap } from "../../../src/telemetry/metrics/heap.js";
import { createMetrics } from "../../../src/telemetry/metrics/registry.js";

const figures = [
  ["nodejs_heap_size_total_bytes", "total_heap_size"],
  ["nodejs_heap_size_used_bytes", "used_heap_size"],
  ["nodejs_external_memory_bytes", "external_memory"],
] as const;

it.each(figures)("%s is V8's own figure, in place of the library's, which asks the system", async (name, of) => {
  const metric = createMetrics().getSingleMetric(name);
  const asked = vi.spyOn(process, "memoryUsage");
  const before = getHeapStatistics()[of];
  const value = (await metric?.get())?.values[0]?.value;
  expect(asked).not.toHaveBeenCalled();
  // What the test itself takes between the two looks is little.
  expect(value).toBeGreaterThan(before * 0.9);
  expect(value).toBeLessThan(before * 1.1);
});

it("adds them where there are none", async () => {
  const registry = new Registry();
  measureHeap(registry);
  const shown = await registry.getMetricsAsJSON();
  expect(shown.map(({ name }) => name).sort()).toEqual(figures.map(([name]) => name).sort());
  for (const { name, values } of shown) expect(values[0]?.value, name).toBeGreaterThan(0);
});
