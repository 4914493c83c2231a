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
  await sleep(60); // The clock has to have started.
  const until = performance.now() + 300;
  while (performance.now() < until);
  await sleep(60);
  for (const _ of ["the first to look", "the second"]) {
    const shown = await lag?.get();
    expect(shown?.values[0]?.value).toBeGreaterThan(0.2);
    expect(shown?.aggregator).toBe("max");
  }
});

it("takes off the time that its own timer waits: a loop that is free has no delay", async () => {
  const metrics = createMetrics();
  await sleep(500);
  const shown = await metrics.getSingleMetric("nodejs_eventloop_lag_p50_seconds")?.get();
  expect(shown?.values[0]?.value).toBeLessThan(0.008);
});

it("counts the pages of the program only where it is told to, so that processes add up to what they take", async () => {
  const bytesOf = async (countsProgram: boolean) => {
    const metric = createMetrics({ countsProgram }).getSingleMetric("posta_memory_bytes");
    return (await metric?.get())?.values[0]?.value as number;
  };
  const [own, all, resident] = [await bytesOf(false), await bytesOf(true), process.memoryUsage.rss()];
  const mib = 2 ** 20;
  expect(own).toBeGreaterThan(20 * mib);
  expect(all - own).toBeGreaterThan(10 * mib);
  expect(Math.abs(all - resident)).toBeLessThan(20 * mib);
});
