import type { Alert, Group, Severity } from "./rule.js";

/** What becomes of Redis and PostgreSQL. */
export const stores: Group = {
  name: "posta-stores",
  rules: [
    down(
      "redis-queue|postgres",
      "page",
      "Jobs are spooled without Redis, and messages are refused without PostgreSQL.",
    ),
    down("redis-analytics", "ticket", "Analytics are refused, or lost where the caller does not wait for them."),
    nearLimit("ticket", 0.75, "15m"),
    nearLimit("page", 0.9, "2m"),
    {
      name: "PostaRedisNotPersisting",
      severity: "page",
      expr: "posta_redis_persistence_ok == 0",
      for: "1m",
      summary: "{{ $labels.store }} cannot write its {{ $labels.kind }} file",
      description: "What it has taken since is lost when it ends. A Redis that cannot save may refuse writes too.",
    },
    {
      name: "PostaRedisWaitsForDisk",
      severity: "ticket",
      expr: 'increase(posta_redis_delayed_syncs_total{store="redis-queue"}[10m]) > 5',
      for: "5m",
      summary: "The queues' Redis waited {{ $value | humanize }} times for its disk in 10 minutes",
      description: "Its disk is slower than what is written: all adds stand still meanwhile, for up to 2 s.",
    },
    {
      name: "PostaAnalyticsEvicted",
      severity: "ticket",
      expr: 'increase(posta_redis_evicted_keys_total{store="redis-analytics"}[15m]) > 0',
      for: "0s",
      summary: "The analytics' Redis threw away {{ $value | humanize }} keys",
      description: "It is full. Counts of hours that are not in PostgreSQL yet may be among them: those are lost.",
    },
    {
      name: "PostaStoreSlow",
      severity: "ticket",
      expr: "histogram_quantile(0.9, sum by (job, instance, store, le) (rate(posta_store_round_trip_seconds_bucket[5m]))) > 0.05",
      for: "10m",
      summary: "{{ $labels.store }} takes {{ $value | humanizeDuration }} to answer",
      description: "P90 of the least that it can be asked. Every call waits for its store at least so long.",
    },
    {
      name: "PostaPostgresPoolFull",
      severity: "ticket",
      expr: "min_over_time(posta_postgres_pool_waiting[2m]) > 0",
      for: "5m",
      summary: "{{ $value }} statements wait for a connection to PostgreSQL",
      description: "All connections of a process are in use. Slow statements, or too few connections for the load.",
    },
  ],
};

function down(names: string, severity: Severity, description: string): Alert {
  return {
    name: "PostaStoreDown",
    severity,
    expr: `posta_store_up{store=~"${names}"} == 0`,
    for: "1m",
    summary: "{{ $labels.store }} is out of reach of at least one process",
    description,
  };
}

function nearLimit(severity: Severity, share: number, duration: string): Alert {
  const memory = (part: string) => `posta_redis_memory_${part}_bytes{store="redis-queue"}`;
  return {
    name: "PostaQueueRedisNearLimit",
    severity,
    expr: `${memory("used")} / ${memory("max")} > ${share}`,
    for: duration,
    summary: "The queues' Redis has used {{ $value | humanizePercentage }} of its memory",
    description:
      "It throws nothing away: when it is full, every write fails. Jobs go to the spool then, and workers stand still.",
  };
}
