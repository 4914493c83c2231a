import { Keys } from "./analytics/keys.js";
import { createRollUp, limitsOf } from "./analytics/parts.js";
import type { Config } from "./config.js";
import type { Logger } from "./log.js";
import { Loop } from "./loop.js";
import { createMetrics } from "./metrics.js";
import type { PostaProcess, ProcessEvents } from "./process.js";
import { migrate } from "./store/migrate.js";
import { keepPartitions } from "./store/partitions.js";
import { openDatabase } from "./store/postgres.js";
import { openAnalyticsStore } from "./store/redis.js";

/** Partitions are a month long, and made a month ahead. */
const upkeepTimes = { name: "upkeep of the database", everyMs: 3_600_000, retryMs: 1000 };

/**
 * Puts a delivery process together: what is done in the background, on PostgreSQL and the analytics' Redis. It migrates the
 * database too, and not the primary: that must start, and its servers take jobs, whether PostgreSQL is there or not, while
 * this process has all the time to wait for it.
 */
export function createDelivery(config: Config, log: Logger, events: ProcessEvents): PostaProcess {
  const metrics = createMetrics();
  const database = openDatabase(config, log);
  const analytics = openAnalyticsStore(config, log);
  const ready = { database: false, migrated: false, analytics: false };
  function tell(part: keyof typeof ready, is: boolean): void {
    ready[part] = is;
    events.onServing(Object.values(ready).every(Boolean));
  }
  database.on("usable", (usable) => tell("database", usable));
  analytics.on("usable", (usable) => tell("analytics", usable));
  const keys = new Keys(config.analyticsPrefix);
  const stores = { redis: analytics, postgres: database, keys, metrics, now: Date.now };
  const rollUp = createRollUp(stores, limitsOf(config), log);
  const upkeep = new Loop(upkeepTimes, log, async () => {
    if (!ready.migrated) await migrate(database, log);
    await keepPartitions(database, new Date());
    if (!ready.migrated) rollUp.start();
    tell("migrated", true);
  });

  return {
    metrics,
    async start() {
      database.open();
      analytics.open();
      upkeep.start();
    },
    async stop() {
      await upkeep.stop();
      await rollUp.stop();
      await analytics.close();
      await database.close();
      events.onServing(false);
    },
  };
}
