import type { MetricObjectWithValues, MetricValue } from "prom-client";
import type { CheckState } from "../src/health/check.js";
import type { ClusterFacts } from "../src/health/server-health.js";
import type { PackedMetrics } from "../src/histogram.js";

/** What the children are; the first argument of their command says it. */
export type ChildRole = "server" | "delivery";

/** A process's metrics as prom-client gives them for merging. */
export type MetricsSnapshot = MetricObjectWithValues<MetricValue<string>>[];

/** What the primary asks of a child, or tells it. To drain it is told by SIGTERM. */
export type ToChild =
  | { type: "metrics" }
  | { type: "log-level"; level: string }
  | { type: "facts"; facts: ClusterFacts };

/** What a child tells the primary. */
export type ToPrimary =
  | { type: "serving"; serving: boolean }
  | { type: "metrics"; metrics: PackedMetrics }
  | { type: "health"; checks: readonly CheckState[] }
  | { type: "unfit"; message: string };

/** Exit code of a process whose settings or stores are unfit (EX_CONFIG of sysexits.h): starting it again is no use. */
export const unfitExitCode = 78;
