import type { Registry } from "prom-client";
import { createRollUp, createTracker, limitsOf } from "../analytics/create-analytics.js";
import { Keys } from "../analytics/hot/keys.js";
import { ownEventsRecorder } from "../analytics/track/own-events.js";
import { Loop } from "../background/loop.js";
import { Schema } from "../background/schema.js";
import { watchStatements } from "../background/statement-metrics.js";
import type { Config } from "../config/config.js";
import { DeliveryBeat } from "../health/delivery-beat.js";
import type { RecordStatus } from "../message/record/status.js";
import { inboundRecorder, otherRecorder, type RecordEvents, statusRecorder } from "../message/webhook/status-events.js";
import { WebhookApplier } from "../message/webhook/webhook-applier.js";
import { WebhookMetrics } from "../message/webhook/webhook-metrics.js";
import { WebhookWorker } from "../message/webhook/webhook-worker.js";
import { createSpoolWork } from "../queue/create-queue.js";
import { Keys as QueueKeys } from "../queue/job/keys.js";
import { openWorkerRedis } from "../store/bullmq/worker-connection.js";
import { keepPartitions } from "../store/postgres/partitions.js";
import { openDatabase, type PostgresStore } from "../store/postgres/store.js";
import { openAnalyticsStore, openQueueStore, type RedisStore } from "../store/redis/store.js";
import { registerStoreMetrics } from "../store/store-metrics.js";
import type { Logger } from "../telemetry/log/log.js";
import { createMetrics } from "../telemetry/metrics/registry.js";
import type { MessageDelivery } from "./create-delivery.js";
import type { PostaProcess, ProcessEvents } from "./process.js";
import { dropOldMonths } from "./retention.js";

/** Partitions are a month long, and made a month ahead. Until there is a schema to make them in, it is looked for. */
const upkeepTimes = { name: "upkeep of the database", everyMs: 3_600_000, retryMs: 1000 };

/**
 * Puts a delivery process together: what is done in the background, on all three stores. It migrates the database too, as
 * servers do, and not the primary: that must start, and its servers take jobs, whether PostgreSQL is there or not, while this
 * process has all the time to wait for it.
 */
export async function createDelivery(config: Config, log: Logger, events: ProcessEvents): Promise<PostaProcess> {
  const metrics = createMetrics();
  const database = openDatabase(config, log);
  const analytics = openAnalyticsStore(config, log);
  const queue = openQueueStore(config, log);
  const ready = { database: false, migrated: false, queue: false };
  // The analytics wait for their own Redis alone, with checks and alerts of their own.
  const works = () => ready.database && ready.migrated && ready.queue;
  const beat = new DeliveryBeat(queue, new QueueKeys(config.queuePrefix).delivery, works);
  function tell(part: keyof typeof ready, is: boolean): void {
    ready[part] = is;
    events.onServing(works());
    beat.beat(); // Servers that wait for one need not wait for the next.
    webhooks.setActive(ready.database && ready.migrated);
  }
  database.on("usable", (usable) => tell("database", usable));
  queue.on("usable", (usable) => tell("queue", usable));
  queue.on("unfit", () => {}); // The servers say so.
  registerStoreMetrics(metrics, { "redis-queue": queue, "redis-analytics": analytics, postgres: database });
  const keys = new Keys(config.analyticsPrefix);
  const stores = { redis: analytics, postgres: database, keys, metrics, now: Date.now };
  const tracker = createTracker(config, analytics, keys, metrics);
  const recordOwn = ownEventsRecorder(tracker, config, metrics);
  const webhooks = createWebhookWorker(config, database, recordOwn, metrics, log);
  const rollUp = createRollUp(stores, limitsOf(config), log);
  const spool = createSpoolWork(config, { redis: queue, postgres: database, metrics }, log);
  const messages = await createMessages(
    config,
    { queue, postgres: database, metrics, record: statusRecorder(recordOwn) },
    log,
  );
  const schema = new Schema(database, { migrates: true }, log);
  schema.on("change", (state) => {
    events.onSchema?.(state);
    if (state.is === "ready") upkeep.wake();
  });
  const upkeep = new Loop(upkeepTimes, log, async (stopping) => {
    schema.requireReady();
    const now = new Date();
    await keepPartitions(database, now);
    if (!ready.migrated) {
      rollUp.start();
      spool.start();
      messages?.start();
    }
    tell("migrated", true);
    await dropOldMonths(database, config, now, log, stopping); // Last: it may take minutes.
  });
  const statements = watchStatements(database, metrics, log);

  return {
    metrics,
    async start() {
      database.open();
      analytics.open();
      queue.open();
      schema.start();
      upkeep.start();
      statements.start();
      beat.start();
    },
    async stop() {
      beat.stop();
      await statements.stop();
      await Promise.all([schema.stop(), upkeep.stop()]);
      await Promise.all([messages?.stop(), webhooks.stop(), rollUp.stop(), spool.stop()]);
      await tracker.drain();
      await Promise.all([queue.close(), analytics.close()]);
      await database.close();
      events.onServing(false);
    },
  };
}

/** Messages are sent where there are numbers to send from; what that takes is loaded only then. */
async function createMessages(
  config: Config,
  stores: { queue: RedisStore; postgres: PostgresStore; metrics: Registry; record: RecordStatus },
  log: Logger,
): Promise<MessageDelivery | undefined> {
  if (config.senders.length === 0) return undefined;
  const { createMessageDelivery } = await import("./create-delivery.js");
  return createMessageDelivery(config, { ...stores, queueList: new QueueKeys(config.queuePrefix).queues }, log);
}

/** What applies webhooks, and tells the analytics. */
function createWebhookWorker(
  config: Config,
  database: PostgresStore,
  record: RecordEvents,
  metrics: Registry,
  log: Logger,
): WebhookWorker {
  const webhookMetrics = new WebhookMetrics(metrics);
  const recorders = {
    statuses: statusRecorder(record),
    inbound: inboundRecorder(record),
    other: otherRecorder(record),
  };
  const applier = new WebhookApplier(database, recorders, webhookMetrics, log);
  return new WebhookWorker(config, () => openWorkerRedis(config, log), applier, webhookMetrics, log);
}
