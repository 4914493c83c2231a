// What `make bench-observability` puts into the processes of the cluster that does not observe itself, by --import: metrics
// count nothing, and health looks at nothing but what becomes of its stores, or nothing would be served. Plain JavaScript, so
// that no loader runs in the process that is measured.
import { createRequire } from "node:module";

const prom = createRequire(import.meta.url)("prom-client");
const nothing = () => {};
for (const kind of [prom.Counter, prom.Gauge, prom.Histogram, prom.Summary]) {
  for (const method of ["inc", "dec", "set", "observe"]) {
    if (Object.hasOwn(kind.prototype, method)) kind.prototype[method] = nothing;
  }
}
// Before Posta's modules bind its name.
prom.collectDefaultMetrics = nothing;

// What counts in plain fields, past prom-client.
const own = [
  ["telemetry/metrics/histogram.js", "Distribution", "add"],
  ["rpc/call-metrics.js", "MethodMetrics", "finish"],
  ["batching/batch-metrics.js", "BatchMetrics", "add"],
  ["health/server-health.js", "ServerHealth", "start"],
];
for (const [file, name, method] of own) {
  const { prototype } = (await import(`../../dist/src/${file}`))[name];
  if (!Object.hasOwn(prototype, method)) throw new Error(`${name}.${method} is no more: what is off is not`);
  prototype[method] = nothing;
}
