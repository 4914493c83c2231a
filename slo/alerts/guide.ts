import { type Target, targetOf } from "../targets.js";
import { callRate, callsByMethod, failedRate, quantileByMethod } from "./calls.js";
import type { Alert, Group } from "./rule.js";

const mib = 2 ** 20;

/** The three alerts of the performance guide, and the objective for memory. */
export function guideGroup(targets: readonly Target[]): Group {
  const memory = targetOf(targets, "memory");
  return { name: "posta-guide", rules: [highLatency, highErrorRate, memoryLeak(memory), ...memoryOver(memory)] };
}

/** Calls, and failed ones, by which something can be said at all: a slow one in a quiet night wakes nobody. */
const enough = { calls: 100, failures: 2.5 };

const highLatency: Alert = {
  name: "PostaHighLatency",
  severity: "page",
  expr: (["grpc", "connect"] as const)
    .map((transport) => {
      const slow = `${quantileByMethod(0.99, transport, "5m")} > 0.5`;
      return `(${slow} and ${callsByMethod(transport, "5m")} > ${enough.calls})`;
    })
    .join("\nor "),
  for: "5m",
  summary: "P99 of {{ $labels.grpc_method }}{{ $labels.connect_method }} is {{ $value | humanizeDuration }}",
  description: "One call in a hundred of this method takes longer than that; the limit is 500 ms.",
};

const highErrorRate: Alert = {
  name: "PostaHighErrorRate",
  severity: "page",
  expr: `${failedRate("2m")}\n/ ${callRate("2m")} > 0.01\nand ${failedRate("2m")} * 120 > ${enough.failures}`,
  for: "2m",
  summary: "{{ $value | humanizePercentage }} of all calls fail",
  description: "Calls end with codes that say that Posta failed; the limit is 1%.",
};

/**
 * By about the least of a quarter of an hour: between collections the heap goes up and down. A small heap may double, and one
 * that has just begun says nothing.
 */
function memoryLeak({ objective }: Target): Alert {
  const heap = "nodejs_heap_size_used_bytes";
  return {
    name: "PostaMemoryLeak",
    severity: "ticket",
    expr: [
      `min_over_time(${heap}[15m]) / quantile_over_time(0.2, ${heap}[15m] offset 1h) > 1.5`,
      `and on (job, instance) ${heap} offset 75m`,
      `and on (job, instance) posta_memory_bytes > ${(objective / 2) * mib}`,
    ].join("\n"),
    for: "10m",
    summary: "The heaps together are {{ $value | humanize }} times what they were an hour ago",
    description:
      "More than half as much again in an hour, and what is left after collections: something is kept that should not be.",
  };
}

/** The primary is one of the processes. */
function memoryOver({ objective, critical, indicator }: ReturnType<typeof targetOf<"memory">>): Alert[] {
  const over = (severity: Alert["severity"], limit: number, duration: string): Alert => ({
    name: "PostaMemoryOverObjective",
    severity,
    expr: `posta_memory_bytes > (1 + posta_servers + posta_deliveries) * ${(limit / indicator.processes) * mib}`,
    for: duration,
    summary: "The processes of Posta take {{ $value | humanize1024 }}B of memory",
    description: `Primary, servers and delivery processes together, without the stores; the limit is ${limit / indicator.processes} MiB for each.`,
  });
  return [over("ticket", objective, "15m"), over("page", critical, "5m")];
}
