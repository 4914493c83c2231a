import type { Registry } from "prom-client";
import { createRollUp, createTracker, limitsOf } from "../analytics/create-analytics.js";
import { Keys } from "../analytics/hot/keys.js";
import { ownEventsPublisher } from "../analytics/track/own-events.js";
import { SchemaKeeper } from "../background/schema-keeper.js";
import { TaskRunner } from "../background/task-runner.js";
import type { Config } from "../config/config.js";
import { DeliveryBeat } from "../health/delivery-beat.js";
import {
  inboundPublisher,
  otherPublisher,
  type PublishEvents,
  statusPublisher,
} from "../message/webhook/status-events.js";
import { WebhookApplier } from "../message/webhook/webhook-applier.js";
import { WebhookMetrics } from "../message/webhook/webhook-metrics.js";
import { WebhookWorker } from "../message/webhook/webhook-worker.js";
import { createSpoolWork } from "../queue/create-queue.js";
import { createLostLeases } from "../queue/create-work.js";
import { Keys as QueueKeys } from "../queue/job/keys.js";
import { openWorkerRedis } from "../store/bullmq/worker-connection.js";
import { Installation } from "../store/installation/installation.js";
import { createStatementReader } from "../store/postgres/statement-metrics.js";
import { openDatabase, type PostgresStore } from "../store/postgres/store.js";
import { openAnalyticsStore, openQueueStore } from "../store/redis/store.js";
import { registerStoreMetrics } from "../store/store-metrics.js";
import type { Logger } from "../telemetry/log/log.js";
import { createMetrics } from "../telemetry/metrics/registry.js";
import { listSchemaTasks, listStartTasks } from "./background-tasks.js";
import type { DeliveryStores, MessageDelivery } from "./create-delivery.js";
import { createHosts, sendersOf } from "./host-settings.js";
import type { PostaProcess, ProcessEvents } from "./process.js";
import { dropOldMonths, keepPartitions } from "./retention.js";

/**
 * Puts a delivery process together: the background work on all three stores. Delivery processes and servers migrate the
 * database, the primary does not. The primary must start, and its servers must take jobs, also without PostgreSQL. A
 * delivery process can wait for PostgreSQL.
 */
export async function createDelivery(config: Config, log: Logger, events: ProcessEvents): Promise<PostaProcess> {
  const metrics = createMetrics();
  const database = openDatabase(config, log, { locksRows: true });
  const installation = new Installation(database);
  const analytics = openAnalyticsStore(config, log, installation);
  const queue = openQueueStore(config, log, installation);
  const ready = { database: false, migrated: false, queue: false };
  // The analytics depend only on their own Redis, which has checks and alerts of its own.
  const works = () => ready.database && ready.migrated && ready.queue;
  const beat = new DeliveryBeat(queue, new QueueKeys(config.queuePrefix).delivery, works);
  function tell(part: keyof typeof ready, is: boolean): void {
    ready[part] = is;
    events.onServing(works());
    beat.beat(); // Waiting servers need not wait for the next interval.
    webhooks.setActive(ready.database && ready.migrated);
  }
  database.on("usable", (usable) => tell("database", usable));
  queue.on("usable", (usable) => tell("queue", usable));
  for (const part of [queue, analytics, installation]) part.on("unfit", events.onUnfit);
  registerStoreMetrics(metrics, { "redis-queue": queue, "redis-analytics": analytics, postgres: database });
  const keys = new Keys(config.analyticsPrefix);
  const stores = { redis: analytics, postgres: database, keys, metrics, now: Date.now };
  const tracker = createTracker(config, analytics, keys, metrics);
  const publishOwn = ownEventsPublisher(tracker, config, metrics);
  const webhooks = createWebhookWorker(config, database, publishOwn, metrics, log);
  const rollUp = createRollUp(stores, limitsOf(config));
  const spool = createSpoolWork(config, { redis: queue, metrics }, log);
  const hosts = createHosts(config, database);
  const messages = await createMessages(
    config,
    { queue, postgres: database, metrics, publish: statusPublisher(publishOwn), senders: () => sendersOf(hosts) },
    log,
  );
  const schema = new SchemaKeeper(database, { migrates: true, onFit: () => installation.read() }, log);
  schema.on("change", (state) => events.onSchema?.(state));
  const tasks = new TaskRunner(database, log);
  const schemaTasks = listSchemaTasks({
    queue,
    hosts,
    spool,
    rollUp,
    messages: messages?.work,
    async dropOldMonths(stopping) {
      schema.requireReady();
      await dropOldMonths(database, config, new Date(), log, stopping);
    },
  });
  async function makePartitions(stopping: AbortSignal): Promise<void> {
    schema.requireReady();
    await keepPartitions(database, new Date());
    if (stopping.aborted) return;
    if (!ready.migrated) {
      tasks.start(schemaTasks);
      messages?.start();
    }
    tell("migrated", true);
  }
  const readStatements = createStatementReader(database, metrics);
  const lostLeases = createLostLeases(config, { redis: queue, metrics }, log);

  return {
    metrics,
    async start() {
      database.open();
      analytics.open();
      queue.open();
      const putBackLost = () => lostLeases.putBack();
      const renewClaim = () => queue.renewClaim();
      tasks.start(
        listStartTasks({ schema, beat: () => beat.beat(), readStatements, makePartitions, putBackLost, renewClaim }),
      );
    },
    async stop() {
      await Promise.all([tasks.stop(), messages?.stop(), webhooks.stop()]);
      await tracker.drain();
      await Promise.all([queue.close(), analytics.close()]);
      await database.close();
      events.onServing(false);
    },
  };
}

/** Sends messages only if there are numbers to send from. Only then the code for sending is loaded. */
async function createMessages(
  config: Config,
  stores: Omit<DeliveryStores, "queueList">,
  log: Logger,
): Promise<MessageDelivery | undefined> {
  if (config.senders.length === 0) return undefined;
  const { createMessageDelivery } = await import("./create-delivery.js");
  return createMessageDelivery(config, { ...stores, queueList: new QueueKeys(config.queuePrefix).queues }, log);
}

/** Applies webhooks, and records their events in the analytics. */
function createWebhookWorker(
  config: Config,
  database: PostgresStore,
  publish: PublishEvents,
  metrics: Registry,
  log: Logger,
): WebhookWorker {
  const webhookMetrics = new WebhookMetrics(metrics);
  const recorders = {
    statuses: statusPublisher(publish),
    inbound: inboundPublisher(publish),
    other: otherPublisher(publish),
  };
  const applier = new WebhookApplier(database, recorders, webhookMetrics, log);
  return new WebhookWorker(config, () => openWorkerRedis(config, log), applier, webhookMetrics, log);
}
