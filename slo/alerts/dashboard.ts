import type { Target } from "../targets.js";
import { callRate, failedRate, quantileByMethod } from "./calls.js";
import { analyticsRow, messagesRow, queuesRow, storesRow, workersRow } from "./dashboard-rows.js";
import { layOut, panel, type Row, window } from "./panel.js";

/** The dashboard for Grafana: what callers see first, then what is behind it. */
export function createDashboard(targets: readonly Target[]): object {
  return {
    uid: "posta",
    title: "Posta",
    tags: ["posta"],
    schemaVersion: 39,
    timezone: "browser",
    refresh: "15s",
    time: { from: "now-3h", to: "now" },
    templating: { list: [{ name: "source", label: "Data source", type: "datasource", query: "prometheus" }] },
    panels: layOut([
      callsRow(targets),
      processesRow(targets),
      queuesRow,
      workersRow,
      messagesRow,
      analyticsRow,
      storesRow,
    ]),
  };
}

function objectiveOf(targets: readonly Target[], kind: Target["indicator"]["kind"]): number | undefined {
  return targets.find(({ indicator }) => indicator.kind === kind)?.objective;
}

function callsRow(targets: readonly Target[]): Row {
  const errors = panel("Failed calls, of all", "percentunit", [
    `${failedRate(window)} / ${callRate(window)}`,
    "failed",
  ]);
  const codes = (transport: string) =>
    `sum by (${transport}_code) (rate(${transport}_server_handled_total[${window}]))`;
  return {
    title: "Calls",
    panels: [
      panel("Calls by method", "ops", ...methodRates()),
      { ...errors, objective: (objectiveOf(targets, "errors") ?? 0) / 100 },
      panel("Refused: too much is under way", "ops", [
        `sum(rate(posta_overload_refusals_total[${window}]))`,
        "calls and items",
      ]),
      panel("Requests that come in hold", "bytes", ["sum by (of) (posta_incoming_bytes)", "{{of}}"]),
      panel("P99 by method", "s", ...quantiles(0.99)),
      panel("P50 by method", "s", ...quantiles(0.5)),
      panel("Calls by code", "ops", [codes("grpc"), "{{grpc_code}}"], [codes("connect"), "HTTP {{connect_code}}"]),
      panel("Budgets: how many times too fast, over an hour", "short", ["objective:burn:rate1h", "{{objective}}"]),
    ],
  };
}

function methodRates(): [string, string][] {
  const rate = (transport: string) =>
    `sum by (${transport}_method) (rate(${transport}_server_handled_total[${window}]))`;
  return [
    [rate("grpc"), "{{grpc_method}}"],
    [rate("connect"), "HTTP {{connect_method}}"],
  ];
}

function quantiles(of: number): [string, string][] {
  return [
    [quantileByMethod(of, "grpc", window), "{{grpc_method}}"],
    [quantileByMethod(of, "connect", window), "HTTP {{connect_method}}"],
  ];
}

function processesRow(targets: readonly Target[]): Row {
  const memory = panel(
    "Memory of the processes",
    "bytes",
    ["posta_memory_bytes", "in use"],
    ["nodejs_heap_size_used_bytes", "heaps, used"],
  );
  return {
    title: "Processes",
    panels: [
      panel(
        "Processes",
        "short",
        ["posta_servers_serving", "servers that serve"],
        ["posta_servers", "servers that there should be"],
        ["posta_deliveries_serving", "delivery processes that serve"],
        ["posta_processes_silent", "silent"],
      ),
      panel(
        "Restarts in 10 minutes",
        "short",
        ["increase(posta_server_restarts[10m])", "servers"],
        ["increase(posta_delivery_restarts[10m])", "delivery processes"],
      ),
      panel(
        "Event loop of the worst process",
        "s",
        ["nodejs_eventloop_lag_p99_seconds", "P99"],
        ["nodejs_eventloop_lag_p50_seconds", "P50"],
      ),
      { ...memory, objective: (objectiveOf(targets, "memory") ?? 0) * 2 ** 20 },
      panel("Collections: share of the time", "percentunit", [
        `sum by (kind) (rate(nodejs_gc_duration_seconds_sum[${window}]))`,
        "{{kind}}",
      ]),
      panel(
        "CPU and handles",
        "short",
        [`rate(process_cpu_seconds_total[${window}])`, "cores"],
        ["sum by (type) (nodejs_active_handles)", "{{type}}"],
      ),
    ],
  };
}
