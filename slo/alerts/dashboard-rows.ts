import { panel, type Row, window } from "./panel.js";

function quantile(of: number, metric: string, by = ""): string {
  const labels = by === "" ? "le" : `le, ${by}`;
  return `histogram_quantile(${of}, sum by (${labels}) (rate(${metric}_bucket[${window}])))`;
}

function mean(metric: string): string {
  return `rate(${metric}_sum[${window}]) / rate(${metric}_count[${window}])`;
}

/** A figure of a store that all hosts read: each tells the same. */
function shared(metric: string, by: string): string {
  return `max by (${by}) (${metric})`;
}

/** What is in the queues, and how it gets there. */
export const queuesRow: Row = {
  title: "Queues and spool",
  panels: [
    panel("Jobs by state", "short", [`sum by (state) (${shared("posta_queue_jobs", "queue, state")})`, "{{state}}"]),
    panel("Oldest job that could run", "s", [shared("posta_queue_oldest_due_age_seconds", "queue"), "{{queue}}"]),
    panel(
      "Added and finished",
      "ops",
      [shared(`rate(posta_queue_added_total[${window}])`, "queue"), "{{queue}} added"],
      [shared("posta_queue_finished_per_second", "queue, state"), "{{queue}} {{state}}"],
    ),
    panel(
      "Jobs in a batch, on average",
      "short",
      [mean("posta_queue_batch_size"), "into Redis"],
      [mean("posta_queue_durable_batch_size"), "into PostgreSQL"],
    ),
    panel(
      "Batches",
      "s",
      [quantile(0.99, "posta_queue_batch_wait_seconds"), "P99 wait"],
      [quantile(0.99, "posta_queue_batch_write_seconds"), "P99 write"],
    ),
    panel(
      "Spool",
      "short",
      ["posta_spool_jobs", "{{state}}"],
      ["posta_spool_oldest_waiting_age_seconds", "oldest, in s"],
    ),
  ],
};

/** Who works on the jobs, and what becomes of them. */
export const workersRow: Row = {
  title: "Workers",
  panels: [
    panel(
      "Leased and reported",
      "ops",
      [`sum(rate(posta_work_leased_total[${window}]))`, "leased"],
      [`sum by (outcome) (rate(posta_work_settled_total[${window}]))`, "{{outcome}}"],
    ),
    panel(
      "Jobs that sessions have, and may have",
      "short",
      ["sum(posta_work_running)", "running"],
      ["sum(posta_work_credits)", "credits"],
    ),
    panel(
      "Jobs wait for their first worker",
      "s",
      [quantile(0.99, "posta_work_dispatch_wait_seconds"), "P99"],
      [quantile(0.5, "posta_work_dispatch_wait_seconds"), "P50"],
    ),
    panel(
      "Lost and leased again",
      "ops",
      [`sum(rate(posta_work_lost_total[${window}]))`, "leases lost"],
      [`sum(rate(posta_work_redelivered_total[${window}]))`, "leased again"],
      [`sum(rate(posta_work_late_reports_total[${window}]))`, "late reports"],
      [`sum(rate(posta_work_stuck_total[${window}]))`, "stuck"],
    ),
    panel(
      "Sessions and waiting calls",
      "short",
      ["sum(posta_work_sessions)", "sessions"],
      ["sum(posta_work_waiting_calls)", "waiting calls"],
    ),
    panel("Nobody works on", "s", [`${shared("posta_queue_unworked_seconds", "queue")} > 0`, "{{queue}}"]),
  ],
};

/** What becomes of messages. */
export const messagesRow: Row = {
  title: "Messages",
  panels: [
    panel(
      "Taken and what they came to be",
      "ops",
      [`sum by (outcome) (rate(posta_messages_taken_total[${window}]))`, "taken: {{outcome}}"],
      [`sum by (status) (rate(posta_message_outcomes_total[${window}]))`, "{{status}}"],
    ),
    panel("Errors of the Cloud API", "ops", [
      `sum by (code) (rate(posta_message_outcomes_total{code!=""}[${window}]))`,
      "{{code}}",
    ]),
    panel("Requests to the Cloud API", "s", [quantile(0.99, "posta_whatsapp_request_seconds", "kind"), "P99 {{kind}}"]),
    panel(
      "Outbox",
      "short",
      ["posta_outbox_messages", "{{state}}"],
      ["posta_outbox_oldest_due_seconds", "oldest due, in s"],
    ),
    panel(
      "Breakers and stops",
      "short",
      ["posta_whatsapp_breaker_state", "breaker {{sender}}"],
      ["posta_whatsapp_sender_stopped", "stopped {{sender}} {{code}}"],
      ["increase(posta_message_unknown_total[15m])", "unknown in 15 minutes"],
    ),
    panel(
      "Waits for a number's rate",
      "s",
      [quantile(0.99, "posta_message_permit_wait_seconds"), "P99"],
      [quantile(0.5, "posta_message_permit_wait_seconds"), "P50"],
    ),
    panel("Webhooks", "ops", [`sum by (outcome) (rate(posta_webhook_requests_total[${window}]))`, "{{outcome}}"]),
    panel(
      "Webhooks: parts left out, and odd fields",
      "ops",
      [`sum by (reason) (rate(posta_webhook_skipped_total[${window}]))`, "{{reason}}"],
      [`sum by (field) (rate(posta_webhook_odd_fields_total[${window}]))`, "{{field}}"],
    ),
    panel("Statuses arrive late by", "s", [quantile(0.99, "posta_webhook_status_lag_seconds"), "P99"]),
  ],
};

/** What becomes of events. */
export const analyticsRow: Row = {
  title: "Analytics",
  panels: [
    panel(
      "Events",
      "ops",
      [`rate(posta_analytics_events_total[${window}])`, "written"],
      [`rate(posta_analytics_lost_events_total[${window}])`, "lost"],
    ),
    panel("Events in a batch, on average", "short", [mean("posta_analytics_batch_size"), "events"]),
    panel("Cache", "ops", [
      `sum by (level, result) (rate(posta_analytics_cache_requests_total[${window}]))`,
      "{{level}} {{result}}",
    ]),
    panel("Age of the history's end", "s", ["time() - posta_analytics_rolled_until_timestamp_seconds", "age"]),
    panel(
      "Series of this hour",
      "short",
      ["posta_analytics_series", "all"],
      ["posta_analytics_most_series", "of the largest name"],
      ["posta_analytics_names", "names"],
    ),
    panel("Evicted keys", "ops", [`rate(posta_redis_evicted_keys_total[${window}])`, "{{store}}"]),
  ],
};

/** Redis and PostgreSQL. */
export const storesRow: Row = {
  title: "Stores",
  panels: [
    panel("Round trips, P99", "s", [quantile(0.99, "posta_store_round_trip_seconds", "store"), "{{store}}"]),
    panel("Memory of Redis, of what it may use", "percentunit", [
      "posta_redis_memory_used_bytes / posta_redis_memory_max_bytes",
      "{{store}}",
    ]),
    panel(
      "Files of Redis",
      "short",
      ["posta_redis_persistence_ok", "{{store}} {{kind}}"],
      ["increase(posta_redis_delayed_syncs_total[10m])", "{{store}} waits for its disk"],
    ),
    panel("Stores in reach", "short", ["posta_store_up", "{{store}}"]),
    panel(
      "Connections to PostgreSQL",
      "short",
      ["posta_postgres_pool_connections", "{{state}}"],
      ["posta_postgres_pool_waiting", "waiting"],
    ),
  ],
};
