import { calls, counter, histogram, jump, minutes, type SeriesMap, series, stepAfter } from "./series.js";
import { workerCases } from "./worker-cases.js";

/** Series that make an alert fire, and series that come close. */
export interface AlertCase {
  name: string;
  severity: "page" | "ticket";
  fires: SeriesMap;
  silent: SeriesMap;
}

const queue = { store: "redis-queue" };
const analytics = { store: "redis-analytics" };
const sender = { sender: "100200300" };
const gib = 2 ** 30;
const mib = 2 ** 20;

/** A Posta that is well. */
export const healthy: SeriesMap = {
  ...series("up", {}, 1),
  ...calls("AddJob", { "0.004": 600 }),
  ...calls("GetJob", { "0.002": 600 }),
  ...calls("TrackEvent", { "0.003": 600 }),
  ...series("posta_memory_bytes", {}, 400 * mib),
  ...series("nodejs_heap_size_used_bytes", {}, 120 * mib),
  ...series("nodejs_eventloop_lag_p99_seconds", {}, 0.012),
  ...counter("posta_overload_refusals_total", {}, 0),
  ...counter("posta_queue_batch_size_sum", {}, 600),
  ...counter("posta_queue_durable_batch_size_sum", {}, 0),
  ...counter("posta_analytics_batch_size_sum", {}, 600),
  ...counter("posta_message_batch_size_sum", {}, 0),
  ...series("posta_servers", {}, 2),
  ...series("posta_servers_serving", {}, 2),
  ...series("posta_server_restarts", {}, 0),
  ...series("posta_deliveries", {}, 1),
  ...series("posta_deliveries_serving", {}, 1),
  ...series("posta_delivery_restarts", {}, 0),
  ...series("posta_processes_silent", {}, 0),
  ...series("posta_queue_oldest_due_age_seconds", { queue: "emails" }, 2),
  ...series("posta_queue_paused", { queue: "emails" }, 0),
  ...series("posta_queue_unworked_seconds", { queue: "emails" }, 0),
  ...counter("posta_work_leased_total", {}, 600),
  ...counter("posta_work_lost_total", {}, 0),
  ...series("posta_work_stuck_total", {}, 0),
  // promtool's clock begins at 0: a figure that was taken at each minute.
  ...series("posta_queue_metrics_timestamp_seconds", {}, `0+60x${minutes}`),
  ...series("posta_analytics_rolled_until_timestamp_seconds", {}, `1+60x${minutes}`),
  ...series("posta_spool_jobs", { state: "waiting" }, 0),
  ...series("posta_spool_max_jobs", {}, 1_000_000),
  ...series("posta_spool_oldest_waiting_age_seconds", {}, 0),
  ...series("posta_outbox_oldest_due_seconds", {}, 1),
  ...series("posta_whatsapp_breaker_state", sender, 0),
  ...series("posta_whatsapp_sender_stopped", { ...sender, code: "190" }, 0),
  ...counter("posta_message_unknown_total", {}, 0),
  ...histogram("posta_whatsapp_request_seconds", { kind: "accepted" }, { "0.05": 600 }),
  ...counter("posta_analytics_lost_events_total", {}, 0),
  ...series("posta_store_up", queue, 1),
  ...series("posta_store_up", analytics, 1),
  ...series("posta_store_up", { store: "postgres" }, 1),
  ...histogram("posta_store_round_trip_seconds", queue, { "0.0008": 360 }),
  ...series("posta_postgres_pool_waiting", {}, 0),
  ...series("posta_redis_memory_used_bytes", queue, gib / 2),
  ...series("posta_redis_memory_max_bytes", queue, 4 * gib),
  ...series("posta_redis_persistence_ok", { ...queue, kind: "aof" }, 1),
  ...counter("posta_redis_evicted_keys_total", analytics, 0),
  ...counter("posta_redis_delayed_syncs_total", queue, 0),
};

/** For each alert and severity; those of the objectives are made from slo/targets.json. */
export const cases: AlertCase[] = [
  {
    name: "PostaHighLatency",
    severity: "page",
    fires: calls("AddJob", { "0.004": 590, "0.9": 10 }),
    silent: calls("AddJob", { "0.004": 597, "0.9": 3 }),
  },
  {
    name: "PostaHighErrorRate",
    severity: "page",
    fires: calls("AddJob", { "0.004": 600 }, { OK: 600, UNAVAILABLE: 30 }),
    // The caller's own failures are none of Posta's, nor are streams that a server ends as it stops.
    silent: {
      ...counter(
        "grpc_server_handled_total",
        {
          grpc_type: "bidi_stream",
          grpc_service: "posta.queue.v1.QueueService",
          grpc_method: "StreamAddJobs",
          grpc_code: "UNAVAILABLE",
        },
        300,
      ),
      ...calls(
        "AddJob",
        { "0.004": 600 },
        { OK: 600, UNAVAILABLE: 10, INVALID_ARGUMENT: 500, RESOURCE_EXHAUSTED: 500 },
      ),
      ...counter(
        "grpc_server_handled_total",
        { grpc_service: "grpc.health.v1.Health", grpc_method: "Check", grpc_code: "UNAVAILABLE" },
        100,
      ),
    },
  },
  {
    name: "PostaMemoryLeak",
    severity: "ticket",
    fires: series("nodejs_heap_size_used_bytes", {}, `${100 * mib}+${3 * mib}x${minutes}`),
    silent: series("nodejs_heap_size_used_bytes", {}, `${100 * mib}+${mib / 2}x${minutes}`),
  },
  {
    name: "PostaMemoryLeak",
    severity: "ticket",
    fires: series("nodejs_heap_size_used_bytes", {}, `${100 * mib}+${3 * mib}x${minutes}`),
    // A restart, an hour ago.
    silent: series("nodejs_heap_size_used_bytes", {}, `${140 * mib}+0x79 ${70 * mib} ${140 * mib}+0x${minutes - 81}`),
  },
  {
    name: "PostaMemoryLeak",
    severity: "ticket",
    fires: series("nodejs_heap_size_used_bytes", {}, `${100 * mib}+${3 * mib}x${minutes}`),
    // It began an hour ago.
    silent: series("nodejs_heap_size_used_bytes", {}, `_x85 ${60 * mib}+${mib}x8 ${140 * mib}+0x${minutes - 96}`),
  },
  {
    name: "PostaMemoryOverObjective",
    severity: "ticket",
    fires: series("posta_memory_bytes", {}, 600 * mib),
    // On a large machine there are more of them.
    silent: { ...series("posta_memory_bytes", {}, 2000 * mib), ...series("posta_servers", {}, 16) },
  },
  {
    name: "PostaMemoryOverObjective",
    severity: "page",
    fires: series("posta_memory_bytes", {}, 1100 * mib),
    silent: series("posta_memory_bytes", {}, 1000 * mib),
  },
  {
    name: "PostaDown",
    severity: "page",
    fires: series("up", {}, 0),
    silent: series("up", {}, `1+0x147 0 1 1`),
  },
  {
    name: "PostaNoServerServing",
    severity: "page",
    fires: series("posta_servers_serving", {}, 0),
    silent: series("posta_servers_serving", {}, 1),
  },
  {
    name: "PostaOverloaded",
    severity: "page",
    fires: counter("posta_overload_refusals_total", {}, 100),
    // A call of 10,000 jobs, of which 90 found no room.
    silent: { ...counter("posta_overload_refusals_total", {}, 90), ...counter("posta_queue_batch_size_sum", {}, 9910) },
  },
  {
    name: "PostaServersMissing",
    severity: "ticket",
    // Also where there never were more, and for as long as it lasts.
    fires: series("posta_servers_serving", {}, 1),
    // Fewer than an hour ago, as somebody wanted fewer; and one that has just died.
    silent: {
      ...series("posta_servers", {}, stepAfter(120, 4, 3)),
      ...series("posta_servers_serving", {}, `4+0x119 3+0x${minutes - 125} 2+0x5`),
    },
  },
  {
    name: "PostaDeliveryNotServing",
    severity: "page",
    fires: series("posta_deliveries_serving", {}, stepAfter(140, 1, 0)),
    silent: { ...series("posta_deliveries", {}, 0), ...series("posta_deliveries_serving", {}, 0) },
  },
  {
    name: "PostaCrashLoop",
    severity: "page",
    fires: series("posta_server_restarts", {}, jump(4)),
    silent: series("posta_server_restarts", {}, stepAfter(145, 5, 7)),
  },
  {
    name: "PostaProcessRestarted",
    severity: "ticket",
    fires: series("posta_delivery_restarts", {}, jump(1)),
    silent: series("posta_delivery_restarts", {}, 7),
  },
  {
    name: "PostaProcessSilent",
    severity: "page",
    fires: series("posta_processes_silent", {}, stepAfter(140, 0, 1)),
    silent: series("posta_processes_silent", {}, `0+0x147 1 0 1`),
  },
  {
    name: "PostaEventLoopHeldUp",
    severity: "ticket",
    fires: series("nodejs_eventloop_lag_p99_seconds", {}, 0.25),
    silent: series("nodejs_eventloop_lag_p99_seconds", {}, 0.08),
  },
  {
    name: "PostaStoreDown",
    severity: "page",
    fires: series("posta_store_up", { store: "postgres" }, stepAfter(140, 1, 0)),
    silent: series("posta_store_up", analytics, 0),
  },
  {
    name: "PostaStoreDown",
    severity: "ticket",
    fires: series("posta_store_up", analytics, stepAfter(140, 1, 0)),
    silent: series("posta_store_up", queue, 0),
  },
  {
    name: "PostaQueueRedisNearLimit",
    severity: "ticket",
    fires: series("posta_redis_memory_used_bytes", queue, 3.2 * gib),
    silent: series("posta_redis_memory_used_bytes", queue, 2.8 * gib),
  },
  {
    name: "PostaQueueRedisNearLimit",
    severity: "page",
    fires: series("posta_redis_memory_used_bytes", queue, 3.8 * gib),
    silent: series("posta_redis_memory_used_bytes", queue, 3.2 * gib),
  },
  {
    name: "PostaRedisNotPersisting",
    severity: "page",
    fires: series("posta_redis_persistence_ok", { ...queue, kind: "aof" }, 0),
    silent: series("posta_redis_persistence_ok", { ...queue, kind: "aof" }, `1+0x147 0 1 1`),
  },
  {
    name: "PostaRedisWaitsForDisk",
    severity: "ticket",
    fires: counter("posta_redis_delayed_syncs_total", queue, 2),
    silent: counter("posta_redis_delayed_syncs_total", queue, 0.2),
  },
  {
    name: "PostaAnalyticsEvicted",
    severity: "ticket",
    fires: series("posta_redis_evicted_keys_total", analytics, jump(100)),
    silent: series("posta_redis_evicted_keys_total", analytics, 100),
  },
  {
    name: "PostaStoreSlow",
    severity: "ticket",
    fires: histogram("posta_store_round_trip_seconds", queue, { "0.0008": 200, "0.09": 160 }),
    silent: histogram("posta_store_round_trip_seconds", queue, { "0.0008": 350, "0.09": 10 }),
  },
  {
    name: "PostaPostgresPoolFull",
    severity: "ticket",
    fires: series("posta_postgres_pool_waiting", {}, 12),
    silent: series("posta_postgres_pool_waiting", {}, `0+0x147 5 0 5`),
  },
  {
    name: "PostaQueueFiguresOld",
    severity: "ticket",
    fires: series("posta_queue_metrics_timestamp_seconds", {}, 60),
    silent: series("posta_queue_metrics_timestamp_seconds", {}, `-50+60x${minutes}`),
  },
  {
    name: "PostaBackgroundFiguresOld",
    severity: "ticket",
    fires: series("posta_spool_metrics_timestamp_seconds", {}, 60),
    silent: {
      ...series("posta_spool_metrics_timestamp_seconds", {}, `-50+60x${minutes}`),
      ...series("posta_outbox_metrics_timestamp_seconds", {}, 0), // There are no numbers to send from.
    },
  },
  {
    name: "PostaBackgroundFiguresOld",
    severity: "ticket",
    fires: series("posta_outbox_metrics_timestamp_seconds", {}, 60),
    silent: {
      ...series("posta_outbox_metrics_timestamp_seconds", {}, 60),
      ...series("posta_store_up", { store: "postgres" }, 0),
    },
  },
  {
    name: "PostaSpoolNotDraining",
    severity: "page",
    fires: series("posta_spool_oldest_waiting_age_seconds", {}, 500),
    // Without Redis the spool has nowhere to go: that is another alert.
    silent: {
      ...series("posta_spool_oldest_waiting_age_seconds", {}, 500),
      ...series("posta_store_up", queue, 0),
    },
  },
  {
    name: "PostaSpoolFilling",
    severity: "page",
    fires: series("posta_spool_jobs", { state: "waiting" }, 600_000),
    silent: series("posta_spool_jobs", { state: "waiting" }, 400_000),
  },
  {
    name: "PostaOutboxNotDraining",
    severity: "page",
    fires: series("posta_outbox_oldest_due_seconds", {}, 300),
    silent: series("posta_outbox_oldest_due_seconds", {}, 60),
  },
  {
    name: "PostaOutboxNotDraining",
    severity: "page",
    fires: {
      ...series("posta_outbox_oldest_due_seconds", {}, 300),
      ...counter("posta_message_outcomes_total", { status: "queued", code: "131016" }, 5),
    },
    // A campaign that takes its time.
    silent: {
      ...series("posta_outbox_oldest_due_seconds", {}, 300),
      ...counter("posta_message_outcomes_total", { status: "accepted", code: "" }, 4800),
    },
  },
  {
    name: "PostaOutboxNotDraining",
    severity: "page",
    fires: {
      ...series("posta_outbox_oldest_due_seconds", {}, 300),
      ...series("posta_whatsapp_breaker_state", sender, 0),
    },
    // PostaBreakerOpen tells of that.
    silent: {
      ...series("posta_outbox_oldest_due_seconds", {}, 300),
      ...series("posta_whatsapp_breaker_state", sender, 2),
    },
  },
  {
    name: "PostaMessagesStranded",
    severity: "page",
    fires: series("posta_outbox_stranded_messages", {}, 12),
    // A host that comes back within five minutes.
    silent: series("posta_outbox_stranded_messages", {}, stepAfter(147, 0, 12)),
  },
  {
    name: "PostaSettingsDiffer",
    severity: "ticket",
    fires: series("posta_settings_differ", { setting: "POSTA_WHATSAPP_RATE" }, 1),
    // Hosts that are given new settings one by one.
    silent: series("posta_settings_differ", { setting: "POSTA_WHATSAPP_RATE" }, stepAfter(142, 0, 1)),
  },
  {
    name: "PostaBreakerOpen",
    severity: "page",
    fires: series("posta_whatsapp_breaker_state", sender, 2),
    silent: series("posta_whatsapp_breaker_state", sender, `0+0x145 2 1 0 2 1`),
  },
  {
    name: "PostaBreakerOpen",
    severity: "page",
    // Each trial fails.
    fires: series(
      "posta_whatsapp_breaker_state",
      sender,
      `0+0x120 2 1 2 2 1 2 2 1 2 2 1 2 2 1 2 2 1 2 2 1 2 2 1 2 2 1 2 2 1 2`,
    ),
    // Nothing comes to try with.
    silent: series("posta_whatsapp_breaker_state", sender, `0+0x100 2 2 1+0x48`),
  },
  {
    name: "PostaSenderStopped",
    severity: "page",
    fires: series("posta_whatsapp_sender_stopped", { ...sender, code: "190" }, 1),
    silent: series("posta_whatsapp_sender_stopped", { ...sender, code: "190" }, `0+0x147 1 0 0`),
  },
  {
    name: "PostaUnknownOutcomes",
    severity: "ticket",
    fires: series("posta_message_unknown_total", {}, jump(2)),
    silent: series("posta_message_unknown_total", {}, 2),
  },
  {
    name: "PostaWebhooksRefused",
    severity: "ticket",
    fires: series("posta_webhook_requests_total", { outcome: "unsigned" }, `0+2x${minutes}`),
    // Somebody tries, and WhatsApp's own are taken.
    silent: {
      ...series("posta_webhook_requests_total", { outcome: "unsigned" }, `0+2x${minutes}`),
      ...series("posta_webhook_requests_total", { outcome: "accepted" }, `0+9x${minutes}`),
    },
  },
  {
    name: "PostaAnalyticsLost",
    severity: "ticket",
    fires: series("posta_analytics_lost_events_total", {}, jump(50)),
    silent: series("posta_analytics_lost_events_total", {}, 50),
  },
  {
    name: "PostaAnalyticsLost",
    severity: "ticket",
    fires: series("posta_analytics_lost_own_events_total", {}, jump(50)),
    silent: series("posta_analytics_lost_own_events_total", {}, 50),
  },
  {
    name: "PostaRollUpBehind",
    severity: "ticket",
    fires: series("posta_analytics_rolled_until_timestamp_seconds", {}, -7 * 3600),
    silent: series("posta_analytics_rolled_until_timestamp_seconds", {}, `${-3 * 3600}+60x${minutes}`),
  },
  {
    name: "PostaRollUpBehind",
    severity: "page",
    fires: series("posta_analytics_rolled_until_timestamp_seconds", {}, -25 * 3600),
    // No process has led yet.
    silent: series("posta_analytics_rolled_until_timestamp_seconds", {}, 0),
  },
  ...workerCases,
];
