import type { MetricObjectWithValues, MetricValue } from "prom-client";
import type { CheckState } from "../../src/health/check.js";
import type { ClusterFacts } from "../../src/health/server-health.js";
import type { SchemaState } from "../../src/process/process.js";
import type { PackedMetrics } from "../../src/telemetry/metrics/histogram.js";

/** What the children are; the first argument of their command says it. */
export type ChildRole = "server" | "delivery";

/** The second argument of a child's command: another process of its role serves while it starts. */
export const othersServe = "others-serve";

/** A process's metrics as prom-client gives them for merging. */
export type MetricsSnapshot = MetricObjectWithValues<MetricValue<string>>[];

/*
 * In a rolling restart new children talk to a primary that has old code. So a message keeps its name and its shape for good:
 * what is new has a new name, or a field that the one who asks for it sets. message-reader.ts leaves out what it cannot read.
 */

/** What the primary asks of a child, or tells it. To drain it is told by SIGTERM. */
export type ToChild =
  /** `packed`: the primary can read histograms that are packed. */
  { type: "metrics"; packed?: true } | { type: "log-level"; level: string } | { type: "facts"; facts: ClusterFacts };

/** What a child tells the primary. */
export type ToPrimary =
  | { type: "serving"; serving: boolean }
  /** `snapshot`: the same as the first primaries read it; only for one that does not ask for what is packed. */
  | { type: "metrics"; metrics: PackedMetrics; snapshot?: MetricsSnapshot }
  | { type: "health"; checks: readonly CheckState[] }
  | { type: "schema"; state: SchemaState }
  | { type: "unfit"; message: string };

/** Exit code of a process whose settings or stores are unfit (EX_CONFIG of sysexits.h): starting it again is no use. */
export const unfitExitCode = 78;
