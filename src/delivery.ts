import type { Registry } from "prom-client";
import { Keys } from "./analytics/keys.js";
import { ownEventsRecorder } from "./analytics/own-events.js";
import { createRollUp, createTracker, limitsOf } from "./analytics/parts.js";
import type { Tracker } from "./analytics/track.js";
import type { Config } from "./config.js";
import type { Logger } from "./log.js";
import { Loop } from "./loop.js";
import { inboundRecorder, statusRecorder } from "./message/status-events.js";
import { WebhookApplier } from "./message/webhook-applier.js";
import { WebhookMetrics } from "./message/webhook-metrics.js";
import { WebhookWorker } from "./message/webhook-worker.js";
import { createMetrics } from "./metrics.js";
import type { PostaProcess, ProcessEvents } from "./process.js";
import { migrate } from "./store/migrate.js";
import { keepPartitions } from "./store/partitions.js";
import { openDatabase, type PostgresStore } from "./store/postgres.js";
import { openAnalyticsStore } from "./store/redis.js";
import { openWorkerRedis } from "./store/worker-redis.js";

/** Partitions are a month long, and made a month ahead. */
const upkeepTimes = { name: "upkeep of the database", everyMs: 3_600_000, retryMs: 1000 };

/**
 * Puts a delivery process together: what is done in the background, on PostgreSQL and the analytics' Redis. It migrates the
 * database too, and not the primary: that must start, and its servers take jobs, whether PostgreSQL is there or not, while
 * this process has all the time to wait for it.
 */
export function createDelivery(config: Config, log: Logger, events: ProcessEvents): PostaProcess {
  const metrics = createMetrics();
  const database = openDatabase(config, log);
  const analytics = openAnalyticsStore(config, log);
  const ready = { database: false, migrated: false, analytics: false };
  function tell(part: keyof typeof ready, is: boolean): void {
    ready[part] = is;
    events.onServing(Object.values(ready).every(Boolean));
    webhooks.setActive(ready.database && ready.migrated);
  }
  database.on("usable", (usable) => tell("database", usable));
  analytics.on("usable", (usable) => tell("analytics", usable));
  const keys = new Keys(config.analyticsPrefix);
  const stores = { redis: analytics, postgres: database, keys, metrics, now: Date.now };
  const tracker = createTracker(config, analytics, keys, metrics);
  const webhooks = createWebhookWorker(config, database, tracker, metrics, log);
  const rollUp = createRollUp(stores, limitsOf(config), log);
  const upkeep = new Loop(upkeepTimes, log, async () => {
    if (!ready.migrated) await migrate(database, log);
    await keepPartitions(database, new Date());
    if (!ready.migrated) rollUp.start();
    tell("migrated", true);
  });

  return {
    metrics,
    async start() {
      database.open();
      analytics.open();
      upkeep.start();
    },
    async stop() {
      await upkeep.stop();
      await Promise.all([rollUp.stop(), webhooks.stop()]);
      await tracker.drain();
      await analytics.close();
      await database.close();
      events.onServing(false);
    },
  };
}

/** What applies webhooks, and tells the analytics. */
function createWebhookWorker(
  config: Config,
  database: PostgresStore,
  tracker: Tracker,
  metrics: Registry,
  log: Logger,
): WebhookWorker {
  const record = ownEventsRecorder(tracker, config, metrics);
  const webhookMetrics = new WebhookMetrics(metrics);
  const recorders = { statuses: statusRecorder(record), inbound: inboundRecorder(record) };
  const applier = new WebhookApplier(database, recorders, webhookMetrics);
  return new WebhookWorker(config, () => openWorkerRedis(config, log), applier, webhookMetrics, log);
}
