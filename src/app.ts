import type { Registry } from "prom-client";
import { Keys as AnalyticsKeys } from "./analytics/keys.js";
import { RecentLister } from "./analytics/list-recent.js";
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
import { toWebhookJob, webhookQueue } from "./message/webhook-job.js";
import { createMetrics } from "./metrics.js";
import type { PostaProcess, ProcessEvents } from "./process.js";
import { Adder } from "./queue/add.js";
import { BatchWriter } from "./queue/batch.js";
import { Bull } from "./queue/bull.js";
import { JobChanger } from "./queue/change-job.js";
import { QueueChanger } from "./queue/change-queue.js";
import { Keys } from "./queue/keys.js";
import { JobLister } from "./queue/list-jobs.js";
import { JobReader } from "./queue/read-job.js";
import { QueueReader } from "./queue/read-queue.js";
import { queueHandlers } from "./queue/service.js";
import { openDatabase, type PostgresStore } from "./store/postgres.js";
import { openAnalyticsStore, openQueueStore, type RedisStore } from "./store/redis.js";

const queueService = "posta.queue.v1.QueueService";
const analyticsService = "posta.analytics.v1.AnalyticsService";

/** Puts a server together: gRPC and HTTP on one side, the queues' Redis on the other. */
export function createServer(config: Config, log: Logger, events: ProcessEvents): PostaProcess {
  const metrics = createMetrics();
  const contract = loadContract();
  const admission = new Admission(config.maxCalls);
  const grpc = new GrpcServer(config, contract, [queueService, analyticsService], admission, metrics, log);
  const http = new HttpServer(config, contract, grpc.statuses, grpc.health.all, admission, metrics, log);
  const store = openQueueStore(config, log);
  const parts = createQueueParts(config, store);
  grpc.add(queueService, (adapter) => queueHandlers(adapter, parts, grpc.statuses));
  http.add(queueService, (adapter) => queueHandlers(adapter, parts, grpc.statuses), "callers");
  const analyticsStore = openAnalyticsStore(config, log);
  // Opened by the first question that reaches into the history.
  const database = openDatabase(config, log);
  const analytics = createAnalyticsParts(config, analyticsStore, database, metrics);
  grpc.add(analyticsService, (adapter) => analyticsHandlers(adapter, analytics, grpc.statuses));
  http.add(analyticsService, (adapter) => analyticsHandlers(adapter, analytics, grpc.statuses), "callers");
  http.add(healthService, (adapter) => grpc.health.handlers(adapter), "anyone");
  const webhook = new Webhook(config, (body) => keepWebhook(parts.adder, body, config), metrics, log);
  http.addPage(webhookPath, (request) => webhook.answer(request));
  let stopping = false;
  store.on("usable", (usable) => {
    if (stopping) return;
    // The queues are what the server is for as a whole: analytics come and go beside them.
    for (const name of ["", queueService]) grpc.health.set(name, usable);
    events.onServing(usable);
  });
  analyticsStore.on("usable", (usable) => stopping || grpc.health.set(analyticsService, usable));
  store.on("unfit", events.onUnfit);

  return {
    metrics,
    async start() {
      await grpc.bind();
      await http.bind();
      store.open();
      analyticsStore.open();
    },
    async stop() {
      stopping = true;
      events.onServing(false);
      await Promise.all([grpc.drain(config.drainTimeoutMs), http.drain(config.drainTimeoutMs)]);
      await Promise.all([parts.adder.drain(), analytics.tracker.drain()]);
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

function createQueueParts(config: Config, store: RedisStore) {
  const keys = new Keys(config.queuePrefix);
  const bull = new Bull(store, config.queuePrefix);
  const jobs = new JobReader(store, keys);
  const queues = new QueueReader(store, keys);
  return {
    adder: new Adder(new BatchWriter(store, keys, bull), config),
    jobs,
    queues,
    lister: new JobLister(store, keys),
    jobChanger: new JobChanger(keys, bull, jobs),
    queueChanger: new QueueChanger(store, keys, bull, queues),
    requireStore: () => store.requireUsable(),
    maxJobBytes: config.maxJobBytes,
  };
}

function createAnalyticsParts(config: Config, store: RedisStore, database: PostgresStore, metrics: Registry) {
  const keys = new AnalyticsKeys(config.analyticsPrefix);
  return {
    tracker: createTracker(config, store, keys, metrics),
    recent: new RecentLister(store, keys),
    reads: createReads({ redis: store, postgres: database, keys, metrics, now: Date.now }, limitsOf(config)),
  };
}
