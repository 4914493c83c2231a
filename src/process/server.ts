import type { Registry } from "prom-client";
import { createReads, createTracker, limitsOf } from "../analytics/create-analytics.js";
import { Keys as AnalyticsKeys } from "../analytics/hot/keys.js";
import { RecentLister } from "../analytics/read/list-recent.js";
import { analyticsHandlers } from "../analytics/service/service.js";
import { ownEventsPublisher } from "../analytics/track/own-events.js";
import { Loop } from "../background/loop.js";
import { SchemaKeeper } from "../background/schema-keeper.js";
import type { Config } from "../config/config.js";
import { createDeadLetterParts } from "../dead-letter/create-dead-letters.js";
import { deadLetterHandlers } from "../dead-letter/service/service.js";
import { healthService } from "../grpc/health.js";
import { GrpcServer } from "../grpc/server.js";
import { ServerHealth } from "../health/server-health.js";
import { healthHandlers } from "../health/service.js";
import { HttpServer } from "../http/server.js";
import { createMessageParts } from "../message/create-message-service.js";
import { MessageRedrive } from "../message/record/redrive-message.js";
import { messageHandlers } from "../message/service/service.js";
import { statusPublisher } from "../message/webhook/status-events.js";
import { createQueueParts } from "../queue/create-queue.js";
import { createWorkParts } from "../queue/create-work.js";
import { Keys as QueueKeys } from "../queue/job/keys.js";
import { queueHandlers } from "../queue/service/service.js";
import { workerHandlers } from "../queue/service/worker-service.js";
import { jobRedrive } from "../queue/spool/redrive-job.js";
import { Admission } from "../rpc/admission.js";
import { requireClientCa } from "../rpc/auth/authenticate.js";
import { loadContract } from "../rpc/contract/contract.js";
import { createEntries } from "../rpc/entry.js";
import { registerIncoming } from "../rpc/incoming-metrics.js";
import type { Adapter } from "../rpc/method.js";
import { reportMs } from "../store/installation/hosts.js";
import { Installation } from "../store/installation/installation.js";
import { openDatabase, type PostgresStore } from "../store/postgres/store.js";
import { openAnalyticsStore, openQueueStore, type RedisStore } from "../store/redis/store.js";
import { registerStoreMetrics } from "../store/store-metrics.js";
import type { Logger } from "../telemetry/log/log.js";
import { createMetrics } from "../telemetry/metrics/registry.js";
import { createWebhookRoute } from "./create-webhook-route.js";
import { createHosts, SettingsCheck } from "./host-settings.js";
import type { PostaProcess, ProcessEvents } from "./process.js";
import { Serving } from "./serving.js";

const queueService = "posta.queue.v1.QueueService";
const workerService = "posta.queue.v1.WorkerService";
const analyticsService = "posta.analytics.v1.AnalyticsService";
const messageService = "posta.message.v1.MessageService";
const ownHealthService = "posta.health.v1.HealthService";

/** Which check a service follows. A service that is left out serves while the process lives: for liveness probes. */
const followed = [
  // The server as a whole is for the queues: the other services may come and go.
  ["", "queue"],
  [queueService, "queue"],
  [workerService, "redis-queue"],
  [analyticsService, "redis-analytics"],
  [messageService, "postgres"],
] as const;

/**
 * How long a server waits for the database's schema before it listens, if no other server takes calls meanwhile. Then:
 * - If the schema is on its way, the server listens, but says that it does not serve until the schema is there. Other
 *   machines serve meanwhile, or a migration must end first.
 * - Without PostgreSQL, the server takes jobs now, and messages later.
 * If other servers take calls, the server listens only when the schema is there: no call fails in a rolling restart.
 */
const schemaPatienceMs = 3000;

/** Puts a server together: the stores, the parts that use them, and gRPC and HTTP. */
export function createServer(config: Config, log: Logger, events: ProcessEvents): PostaProcess {
  const metrics = createMetrics();
  const { installation, ...stores } = createStores(config, log, metrics);
  const capabilities = createCapabilities(config, stores, metrics, log);
  const { queue, work, analytics, message } = capabilities;
  const deliveryKey = new QueueKeys(config.queuePrefix).delivery;
  const hosts = createHosts(config, stores.postgres);
  const further = [new SettingsCheck(hosts, metrics, log)];
  const health = new ServerHealth({ ...stores, canAdd: queue.canAdd, deliveryKey, further });
  const reports = new Loop({ name: "report of the host", everyMs: reportMs, retryMs: reportMs }, log, async () => {
    schema.requireReady();
    await hosts.report();
  });
  const transports = createTransports(config, health, metrics, log);
  const { grpc, http } = transports;
  addServices(transports, capabilities, health);
  const webhook = createWebhookRoute(config, queue.adder, metrics, log);
  http.addRoute(webhook);
  const { callers, anyone } = transports.entries;
  registerIncoming(metrics, { calls: callers.incoming, anyone: anyone.incoming, webhooks: webhook.incoming });
  const schema = new SchemaKeeper(
    stores.postgres,
    { migrates: config.deliveries > 0, onFit: () => installation.read() },
    log,
  );
  schema.on("change", (state) => {
    health.checks.refresh();
    events.onSchema?.(state);
  });
  const serving = new Serving(health, grpc.health, followed, events);
  for (const redis of [stores.queueRedis, stores.analyticsRedis]) redis.on("unfit", events.onUnfit);
  installation.on("unfit", events.onUnfit);

  return {
    metrics,
    health: {
      get checks() {
        return health.checks.states;
      },
      onChange: (listener) => health.checks.on("change", listener),
      hear: (facts) => health.hear(facts),
    },
    async start({ othersServe = false } = {}) {
      stores.postgres.open();
      schema.start();
      if (!(await schema.untilUsable(othersServe ? undefined : schemaPatienceMs))) return;
      await grpc.bind();
      await http.bind();
      grpc.health.set(ownHealthService, true);
      serving.awaitSchema(schema, log);
      serving.follow();
      health.start();
      reports.start();
      for (const store of Object.values(stores)) store.open();
    },
    withdraw: () => serving.withdraw(),
    async stop() {
      health.stop();
      events.onServing(false);
      work.stopWaiting();
      await Promise.all([
        schema.stop(),
        reports.stop(),
        grpc.drain(config.drainTimeoutMs),
        http.drain(config.drainTimeoutMs),
      ]);
      work.close();
      await Promise.all([queue.adder.drain(), message.sender.drain()]);
      // After the messages, because they are events too.
      await analytics.tracker.drain();
      await Promise.all(Object.values(stores).map((store) => store.close()));
    },
  };
}

type Stores = Omit<ReturnType<typeof createStores>, "installation">;
type Capabilities = ReturnType<typeof createCapabilities>;
type Transports = ReturnType<typeof createTransports>;

/** Stores open when the ports are bound: until then no call can come. Only the database opens before. */
function createStores(config: Config, log: Logger, metrics: Registry) {
  const postgres = openDatabase(config, log);
  const installation = new Installation(postgres);
  const queueRedis = openQueueStore(config, log, installation);
  const analyticsRedis = openAnalyticsStore(config, log, installation);
  registerStoreMetrics(metrics, { "redis-queue": queueRedis, "redis-analytics": analyticsRedis, postgres });
  return { installation, queueRedis, analyticsRedis, postgres };
}

function createCapabilities(config: Config, stores: Stores, metrics: Registry, log: Logger) {
  const { queueRedis, analyticsRedis, postgres } = stores;
  const queue = createQueueParts(config, { redis: queueRedis, postgres, metrics });
  const work = createWorkParts(config, { redis: queueRedis, metrics }, log);
  const analytics = createAnalyticsParts(config, analyticsRedis, postgres, metrics);
  const publish = statusPublisher(analytics.publishOwn);
  const message = createMessageParts(config, postgres, metrics, publish);
  const redriveHandlers = { job: jobRedrive, message: new MessageRedrive(postgres, publish) };
  const deadLetter = createDeadLetterParts(config, postgres, redriveHandlers);
  return { queue, work, analytics, message, deadLetter };
}

function createTransports(config: Config, health: ServerHealth, metrics: Registry, log: Logger) {
  requireClientCa(config);
  const contract = loadContract();
  const admission = new Admission(config.maxCalls);
  const entries = createEntries(config);
  const services = [queueService, workerService, analyticsService, messageService, ownHealthService];
  const grpc = new GrpcServer(config, contract, services, entries, admission, metrics, log);
  const probed = { services: grpc.health.all, report: () => health.report() };
  const http = new HttpServer(config, contract, grpc.statuses, probed, entries, admission, metrics, log);
  return { grpc, http, entries };
}

/** Adds each service to gRPC and to HTTP. */
function addServices({ grpc, http }: Transports, capabilities: Capabilities, health: ServerHealth) {
  const { queue, work, analytics, message, deadLetter } = capabilities;
  const { statuses } = grpc;
  const messageServiceHandlers = <Handler>(adapter: Adapter<Handler>) => ({
    ...messageHandlers(adapter, message, statuses),
    ...deadLetterHandlers(adapter, deadLetter, statuses),
  });
  grpc.add(queueService, (adapter) => queueHandlers(adapter, queue, statuses));
  http.add(queueService, (adapter) => queueHandlers(adapter, queue, statuses), "callers");
  grpc.add(workerService, (adapter) => workerHandlers(adapter, work, statuses));
  http.add(workerService, (adapter) => workerHandlers(adapter, work, statuses), "callers");
  grpc.add(analyticsService, (adapter) => analyticsHandlers(adapter, analytics, statuses));
  http.add(analyticsService, (adapter) => analyticsHandlers(adapter, analytics, statuses), "callers");
  grpc.add(messageService, messageServiceHandlers);
  http.add(messageService, messageServiceHandlers, "callers");
  grpc.add(ownHealthService, (adapter) => healthHandlers(adapter, health), "anyone");
  http.add(ownHealthService, (adapter) => healthHandlers(adapter, health), "anyone");
  // gRPC has this service already.
  http.add(healthService, (adapter) => grpc.health.handlers(adapter), "anyone");
}

function createAnalyticsParts(config: Config, store: RedisStore, database: PostgresStore, metrics: Registry) {
  const keys = new AnalyticsKeys(config.analyticsPrefix);
  const tracker = createTracker(config, store, keys, metrics);
  return {
    tracker,
    /** Records events of Posta itself. */
    publishOwn: ownEventsPublisher(tracker, config, metrics),
    recent: new RecentLister(store, keys),
    reads: createReads({ redis: store, postgres: database, keys, metrics, now: Date.now }, limitsOf(config)),
  };
}
