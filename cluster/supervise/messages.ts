import type { MetricObjectWithValues, MetricValue } from "prom-client";
import type { CheckState } from "../../src/health/check.js";
import type { ClusterFacts } from "../../src/health/server-health.js";
import type { SchemaState } from "../../src/process/process.js";
import type { PackedMetrics } from "../../src/telemetry/metrics/histogram.js";

/** The roles of children. The first argument of a child's command is its role. */
export type ChildRole = "server" | "delivery";

/** The second argument of a child's command: other processes of this role serve while the child starts. */
export const othersServe = "others-serve";

/** A process's metrics in the form in which prom-client merges them. */
export type MetricsSnapshot = MetricObjectWithValues<MetricValue<string>>[];

/*
 * In a rolling restart, new children talk to a primary with old code. So a message keeps its name and its shape for
 * ever. A new message gets a new name. A new shape needs a field by which the receiver asks for it, such as `packed`.
 * message-reader.ts leaves out what it cannot read.
 */

/** Messages from the primary to a child. The order to drain is not a message but SIGTERM. */
export type ToChild =
  /** `packed`: the primary can read packed histograms. */
  | { type: "metrics"; packed?: true }
  | { type: "log-level"; level: string }
  | { type: "facts"; facts: ClusterFacts }
  /** The child will be drained soon. It says so to balancers, and takes calls until it is drained. */
  | { type: "withdraw" };

/** Messages from a child to the primary. */
export type ToPrimary =
  | { type: "serving"; serving: boolean }
  /** `snapshot`: the metrics as the first primaries read them. Set only if the primary does not ask for `packed`. */
  | { type: "metrics"; metrics: PackedMetrics; snapshot?: MetricsSnapshot }
  | { type: "health"; checks: readonly CheckState[] }
  | { type: "schema"; state: SchemaState }
  | { type: "unfit"; message: string };

/** Exit code of a process with unfit settings or stores (EX_CONFIG of sysexits.h). Starting it again would not help. */
export const unfitExitCode = 78;
