import { createRequire } from "node:module";
import type { Registry } from "prom-client";
import type { Config } from "./config.js";
import type { Logger } from "./log.js";
import type { Board } from "./queue/board.js";
import { Keys } from "./queue/keys.js";
import { QueueMetrics } from "./queue/queue-metrics.js";
import { QueueReader } from "./queue/read-queue.js";
import { watchRedisMemory } from "./redis-figures.js";
import { openQueueStore, type RedisStore } from "./store/redis.js";

/**
 * Counts the queues for /metrics: one of it in a cluster, in the primary. Apart from app.ts, so that the primary loads
 * neither gRPC nor BullMQ.
 */
export function createQueueMonitor(config: Config, log: Logger, metrics: Registry) {
  const store = openQueueStore(config, log);
  const keys = new Keys(config.queuePrefix);
  const reader = new QueueReader(store, keys);
  const queueMetrics = new QueueMetrics(reader, metrics, config);
  const memory = watchRedisMemory(store, "queue", metrics, log);
  store.on("usable", (usable) => (usable ? queueMetrics.start() : queueMetrics.stop()));
  store.on("unfit", () => {}); // The servers say so.
  return {
    start() {
      store.open();
      memory.start();
    },
    /** The queues for a user interface, on the same connection. */
    openBoard: () => openBoard(store, reader, config.queuePrefix),
    async stop() {
      await memory.stop();
      queueMetrics.stop();
      await store.close();
    },
  };
}

/** BullMQ as CommonJS, as bull-board has it: as a module it would be in memory twice. */
async function openBoard(store: RedisStore, reader: QueueReader, prefix: string): Promise<Board> {
  const [{ Board }, { Bull }] = await Promise.all([import("./queue/board.js"), import("./queue/bull.js")]);
  return new Board(reader, new Bull(store, prefix, () => createRequire(import.meta.url)("bullmq")));
}
