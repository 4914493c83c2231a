import { Keys } from "./analytics/keys.js";
import { createRollUp, limitsOf } from "./analytics/parts.js";
import type { Config } from "./config.js";
import type { Logger } from "./log.js";
import { Loop } from "./loop.js";
import type { MessageDelivery } from "./message/delivery-parts.js";
import type { RecordStatus } from "./message/status.js";
import { createMetrics } from "./metrics.js";
import type { PostaProcess, ProcessEvents } from "./process.js";
import { Keys as QueueKeys } from "./queue/keys.js";
import { createSpoolWork } from "./queue/parts.js";
import { migrate } from "./store/migrate.js";
import { keepPartitions } from "./store/partitions.js";
import { openDatabase, type PostgresStore } from "./store/postgres.js";
import { openAnalyticsStore, openQueueStore, type RedisStore } from "./store/redis.js";

/** Partitions are a month long, and made a month ahead. */
const upkeepTimes = { name: "upkeep of the database", everyMs: 3_600_000, retryMs: 1000 };

/**
 * Puts a delivery process together: what is done in the background, on all three stores. It migrates the
 * database too, and not the primary: that must start, and its servers take jobs, whether PostgreSQL is there or not, while
 * this process has all the time to wait for it.
 */
export async function createDelivery(config: Config, log: Logger, events: ProcessEvents): Promise<PostaProcess> {
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
  const messages = await createMessages(config, { queue, postgres: database, metrics }, log);
  const upkeep = new Loop(upkeepTimes, log, async () => {
    if (!ready.migrated) await migrate(database, log);
    await keepPartitions(database, new Date());
    if (!ready.migrated) {
      rollUp.start();
      spool.start();
      messages?.start();
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
      await Promise.all([messages?.stop(), rollUp.stop(), spool.stop()]);
      await Promise.all([queue.close(), analytics.close()]);
      await database.close();
      events.onServing(false);
    },
  };
}

/** Messages are sent where there are numbers to send from; what that takes is loaded only then. */
async function createMessages(
  config: Config,
  stores: { queue: RedisStore; postgres: PostgresStore; metrics: PostaProcess["metrics"] },
  log: Logger,
): Promise<MessageDelivery | undefined> {
  if (config.senders.length === 0) return undefined;
  const { createMessageDelivery } = await import("./message/delivery-parts.js");
  const record: RecordStatus = () => {};
  return createMessageDelivery(config, { ...stores, queueList: new QueueKeys(config.queuePrefix).queues, record }, log);
}
