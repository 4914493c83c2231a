import type { Registry } from "prom-client";
import { Keys as AnalyticsKeys } from "../analytics/hot/keys.js";
import { SeriesMetrics } from "../analytics/hot/series-metrics.js";
import type { Config } from "../config/config.js";
import { type Backlog, toBacklog } from "../health/backlog.js";
import { QueueMetrics } from "../queue/inspect/queue-metrics.js";
import { QueueReader } from "../queue/inspect/read-queue.js";
import { Keys } from "../queue/job/keys.js";
import type { QueueHandles } from "../queue/manage/queue-handles.js";
import { type RedisFigures, readFigures } from "../store/redis/info.js";
import { registerRedisMetrics } from "../store/redis/metrics.js";
import { openAnalyticsStore, openQueueStore, type RedisStore } from "../store/redis/store.js";
import type { Logger } from "../telemetry/log/log.js";

/**
 * Counts the queues for /metrics, and reads the figures of both Redis. A cluster has one monitor, in the primary. Its
 * code is apart from server.ts, so that the primary loads neither gRPC nor BullMQ.
 */
export function createMonitor(config: Config, log: Logger, metrics: Registry) {
  const queue = openQueueStore(config, log);
  const analytics = openAnalyticsStore(config, log.child({}, { level: "silent" })); // The servers log its state.
  queue.on("unfit", () => {}); // The servers report that too.
  const queues = new QueueReader(queue, new Keys(config.queuePrefix));
  const queueMetrics = new QueueMetrics(queues, metrics, config.metricsMaxQueues);
  const series = new SeriesMetrics(analytics, new AnalyticsKeys(config.analyticsPrefix), metrics);
  const figures = new Map<string, RedisFigures>();
  registerRedisMetrics(metrics, figures);
  const { metricsIntervalMs: everyMs, allowNoAof } = config;
  const readers = [
    new Reader(queue, everyMs, () => queueMetrics.read()),
    new Reader(queue, everyMs, async () => {
      figures.set("redis-queue", await readFigures(queue.masters, { needsAof: !allowNoAof }));
    }),
    new Reader(analytics, everyMs, () => series.read()),
    new Reader(analytics, everyMs, async () => {
      figures.set("redis-analytics", await readFigures(analytics.masters, { needsAof: false }));
    }),
  ];
  return {
    /** The work that waits in the queues. Undefined until the queues were counted. */
    readBacklog(): Backlog | undefined {
      const { latest } = queueMetrics;
      return latest && toBacklog(latest.queues, latest.readAt);
    },
    start() {
      queue.open();
      analytics.open();
    },
    /** The queues for a user interface, on the same connection. */
    openQueueHandles: () => openQueueHandles(queue, queues, config.queuePrefix),
    async stop() {
      for (const reader of readers) reader.stop();
      await Promise.all([queue.close(), analytics.close()]);
    },
  };
}

/** Loads its code, and BullMQ, on the first visit. */
async function openQueueHandles(store: RedisStore, reader: QueueReader, prefix: string): Promise<QueueHandles> {
  const { createQueueHandles } = await import("../queue/manage/create-queue-handles.js");
  return createQueueHandles(store, reader, new Keys(prefix));
}

/**
 * Reads at an interval while a store can be used, one read at a time. A failed read leaves the figures as they were.
 * Their timestamp shows their age.
 */
class Reader {
  private timer: NodeJS.Timeout | undefined;
  private reading = false;

  constructor(
    store: RedisStore,
    private readonly everyMs: number,
    private readonly readFigures: () => Promise<void>,
  ) {
    store.on("usable", (usable) => (usable ? this.start() : this.stop()));
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private start(): void {
    this.timer ??= setInterval(() => void this.read(), this.everyMs);
    void this.read();
  }

  private async read(): Promise<void> {
    if (this.reading) return;
    this.reading = true;
    await this.readFigures().catch(() => {});
    this.reading = false;
  }
}
