import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { createMetrics } from "../../../src/telemetry/metrics/registry.js";

it("shows of the event loop what tells of its slow turns, of the heap what tells of its size", () => {
  const names = createMetrics()
    .getMetricsAsArray()
    .map(({ name }) => name);
  expect(names.filter((name) => /^nodejs_(eventloop|heap|active.*total)/.test(name)).sort()).toEqual([
    "nodejs_eventloop_lag_max_seconds",
    "nodejs_eventloop_lag_p50_seconds",
    "nodejs_eventloop_lag_p99_seconds",
    "nodejs_heap_size_total_bytes",
    "nodejs_heap_size_used_bytes",
  ]);
});

it("shows a loop that was held up to everyone who looks, and as the worst of all processes", async () => {
  const lag = createMetrics().getSingleMetric("nodejs_eventloop_lag_max_seconds");
  await sleep(50); // The clock has to have started.
  const until = performance.now() + 300;
  while (performance.now() < until);
  await sleep(50);
  for (const _ of ["the first to look", "the second"]) {
    const shown = await lag?.get();
    expect(shown?.values[0]?.value).toBeGreaterThan(0.2);
    expect(shown?.aggregator).toBe("max");
  }
});
