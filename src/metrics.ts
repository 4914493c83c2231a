import { collectDefaultMetrics, Registry } from "prom-client";

/** The metrics of one process; the primary merges those of all (cluster/merge.ts). */
export function createMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
