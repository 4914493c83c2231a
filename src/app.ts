import type { Registry } from "prom-client";
import { Keys as AnalyticsKeys } from "./analytics/keys.js";
import { RecentLister } from "./analytics/list-recent.js";
import { ownEventsRecorder } from "./analytics/own-events.js";
import { createReads, createTracker, limitsOf } from "./analytics/parts.js";
import { analyticsHandlers } from "./analytics/service.js";
import type { Config } from "./config.js";
import { Admission } from "./grpc/admission.js";
import { loadContract } from "./grpc/contract.js";
import { healthService } from "./grpc/health.js";
import { GrpcServer } from "./grpc/server.js";
import { HttpServer } from "./http/server.js";
import { Webhook, webhookPath } from "./http/webhook.js";
import type { Logger } from "./log.js";
import { createMessageParts } from "./message/parts.js";
import { messageHandlers } from "./message/service.js";
import { statusRecorder } from "./message/status-events.js";
import { toWebhookJob, webhookQueue } from "./message/webhook-job.js";
import { createMetrics } from "./metrics.js";
import type { PostaProcess, ProcessEvents } from "./process.js";
import type { Adder } from "./queue/add.js";
import { createQueueParts } from "./queue/parts.js";
import { queueHandlers } from "./queue/service.js";
import { openDatabase, type PostgresStore } from "./store/postgres.js";
import { openAnalyticsStore, openQueueStore, type RedisStore } from "./store/redis.js";
import { registerStoreMetrics } from "./store-metrics.js";

const queueService = "posta.queue.v1.QueueService";
const analyticsService = "posta.analytics.v1.AnalyticsService";
const messageService = "posta.message.v1.MessageService";

/** Puts a server together: gRPC and HTTP on one side, the stores on the other. */
export function createServer(config: Config, log: Logger, events: ProcessEvents): PostaProcess {
  const metrics = createMetrics();
  const contract = loadContract();
  const admission = new Admission(config.maxCalls);
  const grpc = new GrpcServer(
    config,
    contract,
    [queueService, analyticsService, messageService],
    admission,
    metrics,
    log,
  );
  const http = new HttpServer(config, contract, grpc.statuses, grpc.health.all, admission, metrics, log);
  const store = openQueueStore(config, log);
  const database = openDatabase(config, log);
  const parts = createQueueParts(config, { redis: store, postgres: database, metrics });
  grpc.add(queueService, (adapter) => queueHandlers(adapter, parts, grpc.statuses));
  http.add(queueService, (adapter) => queueHandlers(adapter, parts, grpc.statuses), "callers");
  const analyticsStore = openAnalyticsStore(config, log);
  registerStoreMetrics(metrics, { "redis-queue": store, "redis-analytics": analyticsStore, postgres: database });
  const analytics = createAnalyticsParts(config, analyticsStore, database, metrics);
  grpc.add(analyticsService, (adapter) => analyticsHandlers(adapter, analytics, grpc.statuses));
  http.add(analyticsService, (adapter) => analyticsHandlers(adapter, analytics, grpc.statuses), "callers");
  const messages = createMessageParts(config, database, metrics, statusRecorder(analytics.recordOwn));
  grpc.add(messageService, (adapter) => messageHandlers(adapter, messages, grpc.statuses));
  http.add(messageService, (adapter) => messageHandlers(adapter, messages, grpc.statuses), "callers");
  http.add(healthService, (adapter) => grpc.health.handlers(adapter), "anyone");
  const webhook = new Webhook(config, (body) => keepWebhook(parts.adder, body, config), metrics, log);
  http.addPage(webhookPath, (request) => webhook.answer(request));
  let stopping = false;
  /** The queues are what the server is for as a whole: analytics come and go beside them. */
  function tellQueues(): void {
    if (stopping) return;
    const serving = parts.canAdd();
    if (serving === grpc.health.isServing("")) return;
    for (const name of ["", queueService]) grpc.health.set(name, serving);
    events.onServing(serving);
  }
  store.on("usable", tellQueues);
  database.on("usable", tellQueues);
  analyticsStore.on("usable", (usable) => stopping || grpc.health.set(analyticsService, usable));
  database.on("usable", (usable) => stopping || grpc.health.set(messageService, usable));
  store.on("unfit", events.onUnfit);

  return {
    metrics,
    async start() {
      await grpc.bind();
      await http.bind();
      store.open();
      analyticsStore.open();
      database.open();
    },
    async stop() {
      stopping = true;
      events.onServing(false);
      await Promise.all([grpc.drain(config.drainTimeoutMs), http.drain(config.drainTimeoutMs)]);
      await Promise.all([parts.adder.drain(), messages.sender.drain()]);
      // After the messages, which are events too.
      await analytics.tracker.drain();
      await Promise.all([store.close(), analyticsStore.close(), database.close()]);
    },
  };
}

/** Puts a webhook's body into the queue that the delivery processes work off. */
async function keepWebhook(adder: Adder, body: Buffer, { defaultDeadlineMs }: Config): Promise<void> {
  const caller = { cancelled: false, deadline: Date.now() + defaultDeadlineMs };
  const { error } = await adder.add(webhookQueue, toWebhookJob(body), caller);
  if (error) throw error;
}

function createAnalyticsParts(config: Config, store: RedisStore, database: PostgresStore, metrics: Registry) {
  const keys = new AnalyticsKeys(config.analyticsPrefix);
  const tracker = createTracker(config, store, keys, metrics);
  return {
    tracker,
    /** For what happens in Posta itself. */
    recordOwn: ownEventsRecorder(tracker, config, metrics),
    recent: new RecentLister(store, keys),
    reads: createReads({ redis: store, postgres: database, keys, metrics, now: Date.now }, limitsOf(config)),
  };
}
