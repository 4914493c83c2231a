import { Keys } from "./analytics/keys.js";
import { createRollUp, limitsOf } from "./analytics/parts.js";
import type { Config } from "./config.js";
import type { Logger } from "./log.js";
import { Loop } from "./loop.js";
import { createMetrics } from "./metrics.js";
import type { PostaProcess, ProcessEvents } from "./process.js";
import { createSpoolWork } from "./queue/parts.js";
import { migrate } from "./store/migrate.js";
import { keepPartitions } from "./store/partitions.js";
import { openDatabase } from "./store/postgres.js";
import { openAnalyticsStore, openQueueStore } from "./store/redis.js";

/** Partitions are a month long, and made a month ahead. */
const upkeepTimes = { name: "upkeep of the database", everyMs: 3_600_000, retryMs: 1000 };

/**
 * Puts a delivery process together: what is done in the background, on all three stores. It migrates the
 * database too, and not the primary: that must start, and its servers take jobs, whether PostgreSQL is there or not, while
 * this process has all the time to wait for it.
 */
export function createDelivery(config: Config, log: Logger, events: ProcessEvents): PostaProcess {
  const metrics = createMetrics();
  const database = openDatabase(config, log);
  const analytics = openAnalyticsStore(config, log);
  const queue = openQueueStore(config, log);
  const ready = { database: false, migrated: false, analytics: false, queue: false };
  function tell(part: keyof typeof ready, is: boolean): void {
    ready[part] = is;
    events.onServing(Object.values(ready).every(Boolean));
  }
  database.on("usable", (usable) => tell("database", usable));
  analytics.on("usable", (usable) => tell("analytics", usable));
  queue.on("usable", (usable) => tell("queue", usable));
  queue.on("unfit", () => {}); // The servers say so.
  const keys = new Keys(config.analyticsPrefix);
  const stores = { redis: analytics, postgres: database, keys, metrics, now: Date.now };
  const rollUp = createRollUp(stores, limitsOf(config), log);
  const spool = createSpoolWork(config, { redis: queue, postgres: database, metrics }, log);
  const upkeep = new Loop(upkeepTimes, log, async () => {
    if (!ready.migrated) await migrate(database, log);
    await keepPartitions(database, new Date());
    if (!ready.migrated) {
      rollUp.start();
      spool.start();
    }
    tell("migrated", true);
  });

  return {
    metrics,
    async start() {
      database.open();
      analytics.open();
      queue.open();
      upkeep.start();
    },
    async stop() {
      await upkeep.stop();
      await Promise.all([rollUp.stop(), spool.stop()]);
      await Promise.all([analytics.close(), queue.close()]);
      await database.close();
      events.onServing(false);
    },
  };
}
