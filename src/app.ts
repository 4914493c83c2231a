import type { Config } from "./config.js";
import { loadContract } from "./grpc/contract.js";
import { healthService } from "./grpc/health.js";
import { GrpcServer } from "./grpc/server.js";
import { HttpServer } from "./http/server.js";
import type { Logger } from "./log.js";
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
import { openQueueStore, type RedisStore } from "./store/redis.js";

const queueService = "posta.queue.v1.QueueService";

/** Puts a server together: gRPC and HTTP on one side, the queues' Redis on the other. */
export function createServer(config: Config, log: Logger, events: ProcessEvents): PostaProcess {
  const metrics = createMetrics();
  const contract = loadContract();
  const grpc = new GrpcServer(config, contract, [queueService], metrics, log);
  const http = new HttpServer(config, contract, grpc.statuses, grpc.health.all, metrics, log);
  const store = openQueueStore(config, log);
  const parts = createQueueParts(config, store);
  grpc.add(queueService, (adapter) => queueHandlers(adapter, parts, grpc.statuses));
  http.add(queueService, (adapter) => queueHandlers(adapter, parts, grpc.statuses), "callers");
  http.add(healthService, (adapter) => grpc.health.handlers(adapter), "anyone");
  let stopping = false;
  store.on("usable", (usable) => {
    if (stopping) return;
    grpc.health.setAll(usable);
    events.onServing(usable);
  });
  store.on("unfit", events.onUnfit);

  return {
    metrics,
    async start() {
      await grpc.bind();
      await http.bind();
      store.open();
    },
    async stop() {
      stopping = true;
      events.onServing(false);
      await Promise.all([grpc.drain(config.drainTimeoutMs), http.drain(config.drainTimeoutMs)]);
      await parts.adder.drain();
      await store.close();
    },
  };
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
