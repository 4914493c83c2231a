import type { Registry } from "prom-client";
import type { Config } from "./config.js";
import type { Logger } from "./log.js";
import { Keys } from "./queue/keys.js";
import { QueueMetrics } from "./queue/queue-metrics.js";
import { QueueReader } from "./queue/read-queue.js";
import { openQueueStore } from "./store/redis.js";

/**
 * Counts the queues for /metrics: one of it in a cluster, in the primary. Apart from app.ts, so that the primary loads
 * neither gRPC nor BullMQ.
 */
export function createQueueMonitor(config: Config, log: Logger, metrics: Registry) {
  const store = openQueueStore(config, log);
  const queueMetrics = new QueueMetrics(new QueueReader(store, new Keys(config.queuePrefix)), metrics, config);
  store.on("usable", (usable) => (usable ? queueMetrics.start() : queueMetrics.stop()));
  store.on("unfit", () => {}); // The servers say so.
  return {
    start: () => store.open(),
    async stop() {
      queueMetrics.stop();
      await store.close();
    },
  };
}
