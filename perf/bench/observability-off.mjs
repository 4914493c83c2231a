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

// biome-ignore lint/style/noRestrictedImports: this runs inside of the servers.
const { ServerHealth } = await import("../../dist/src/health/server-health.js");
ServerHealth.prototype.start = nothing;
