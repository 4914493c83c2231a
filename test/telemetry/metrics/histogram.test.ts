import { Registry } from "prom-client";
import { expect, it } from "vitest";
import { registerCounts } from "../../../src/telemetry/metrics/counters.js";
import {
  Distribution,
  packMetrics,
  registerDistributions,
  unpackMetrics,
} from "../../../src/telemetry/metrics/histogram.js";

function setup() {
  const registry = new Registry();
  const rows = [new Distribution([1, 2.5], { store: "a" }), new Distribution([1, 2.5], { store: "b" })];
  registerDistributions(registry, { name: "seconds", help: "How long." }, () => rows);
  registerCounts(registry, { name: "calls_total", help: "Calls." }, () => [{ labels: { code: "OK" }, value: 7 }]);
  for (const value of [0.5, 1, 2, 9]) rows[0]?.add(value);
  return registry;
}

it("shows what took up to each bound, and over all of them", async () => {
  expect((await setup().metrics()).split("\n").filter((line) => !line.includes('store="b"'))).toEqual([
    "# HELP seconds How long.",
    "# TYPE seconds histogram",
    'seconds_bucket{le="1",store="a"} 2',
    'seconds_bucket{le="2.5",store="a"} 3',
    'seconds_bucket{le="+Inf",store="a"} 4',
    'seconds_sum{store="a"} 12.5',
    'seconds_count{store="a"} 4',
    "",
    "# HELP calls_total Calls.",
    "# TYPE calls_total counter",
    'calls_total{code="OK"} 7',
    "",
  ]);
});

it("is the same once it was packed, sent as JSON, and unpacked", async () => {
  const registry = setup();
  const sent = JSON.parse(JSON.stringify(await packMetrics(registry)));
  expect(unpackMetrics(sent)).toEqual(await registry.getMetricsAsJSON());
});
