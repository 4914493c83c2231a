import { refusedShare } from "./calls.js";
import type { Group } from "./rule.js";

/** What becomes of Posta's own processes. */
export const processes: Group = {
  name: "posta-processes",
  rules: [
    {
      name: "PostaDown",
      severity: "page",
      expr: 'up{job="posta"} == 0 or absent(up{job="posta"})',
      for: "1m",
      summary: "Posta's admin port {{ $labels.instance }} is not answered",
      description:
        "The primary does not answer Prometheus, or Prometheus does not know it. All other alerts are blind meanwhile.",
    },
    {
      name: "PostaNoServerServing",
      severity: "page",
      expr: "posta_servers_serving == 0",
      for: "30s",
      summary: "No server of {{ $labels.instance }} takes calls",
      description: "Every call is refused. Either no server is up, or none can add a job to Redis or to the spool.",
    },
    {
      name: "PostaOverloaded",
      severity: "page",
      expr: `${refusedShare("5m")} > 0.01`,
      for: "5m",
      summary: "Posta refuses {{ $value | humanizePercentage }} of its work, as it has too much to do",
      description: "More is under way, or waits in a store, than there may be. Callers are told to come back later.",
    },
    {
      name: "PostaServersMissing",
      severity: "ticket",
      expr: "posta_servers_serving < posta_servers",
      for: "10m",
      summary: "Only {{ $value }} servers of {{ $labels.instance }} take calls",
      description:
        "There should be more (POSTA_SERVERS). They have the others' calls to do, and there is less to fall back on.",
    },
    {
      name: "PostaSettingsDiffer",
      severity: "ticket",
      // Hosts that are given new settings one by one differ meanwhile.
      expr: "max by (job, setting) (posta_settings_differ) == 1",
      for: "10m",
      summary: "Hosts have different values of {{ $labels.setting }}",
      description: "Which value counts depends on the host that happens to lead, or to take the call.",
    },
    {
      name: "PostaDeliveryNotServing",
      severity: "page",
      // With POSTA_DELIVERIES=0 another Posta has them.
      expr: "posta_deliveries_serving == 0 and posta_deliveries > 0",
      for: "2m",
      summary: "No delivery process of {{ $labels.instance }} reaches its stores",
      description: "Messages are accepted and not sent; the spool is not drained; hours of analytics stay in Redis.",
    },
    {
      name: "PostaCrashLoop",
      severity: "page",
      // Three or more: increase() makes a little more than two of two.
      expr: "increase(posta_server_restarts[10m]) + increase(posta_delivery_restarts[10m]) > 2.5",
      for: "0s",
      summary: "Processes of {{ $labels.instance }} ended {{ $value | humanize }} times in 10 minutes",
      description: "They end by themselves and are started again. Five ends in 30 s stop Posta as a whole.",
    },
    {
      name: "PostaProcessRestarted",
      severity: "ticket",
      expr: "increase(posta_server_restarts[1h]) + increase(posta_delivery_restarts[1h]) > 0",
      for: "0s",
      summary: "A process of {{ $labels.instance }} ended by itself and was started again",
      description: "Calls that it was working on have failed. Its last lines are in the log.",
    },
    {
      name: "PostaProcessSilent",
      severity: "page",
      expr: "min_over_time(posta_processes_silent[2m]) > 0",
      for: "1m",
      summary: "{{ $value }} processes of {{ $labels.instance }} do not answer their primary",
      description: "They hang: calls on their connections get no answer, and their figures in /metrics are old ones.",
    },
    {
      name: "PostaEventLoopHeldUp",
      severity: "ticket",
      expr: "min_over_time(nodejs_eventloop_lag_p99_seconds[5m]) > 0.1",
      for: "5m",
      summary: "An event loop of {{ $labels.instance }} is held up for {{ $value | humanizeDuration }}",
      description: "P99 of the worst process. All calls of that process wait for so long.",
    },
  ],
};
