import type { Registry } from "prom-client";
import { registerBatchMetrics } from "../batching/batch-metrics.js";
import type { Config } from "../config/config.js";
import { BullAdapter } from "../store/bullmq/adapter.js";
import { maxItemBytes } from "../store/page-token.js";
import type { PostgresStore } from "../store/postgres/store.js";
import type { RedisStore } from "../store/redis/store.js";
import type { Logger } from "../telemetry/log/log.js";
import { registerCount } from "../telemetry/metrics/counters.js";
import { Adder } from "./add/add.js";
import { BatchWriter } from "./add/batch.js";
import { JobLister } from "./inspect/list-jobs.js";
import { JobReader } from "./inspect/read-job.js";
import { QueueReader } from "./inspect/read-queue.js";
import { Keys } from "./job/keys.js";
import { JobChanger } from "./manage/change-job.js";
import { QueueChanger } from "./manage/change-queue.js";
import { QueueCleaner } from "./manage/clean-queue.js";
import { QueueObliterator } from "./manage/obliterate-queue.js";
import { DeadJobs } from "./spool/collect-dead-jobs.js";
import { Drain } from "./spool/drain.js";
import { JobWriter } from "./spool/job-writer.js";
import { FailedJobRetrier } from "./spool/redrive-job.js";
import { Spool } from "./spool/spool.js";
import { SpoolMarks } from "./spool/spool-marks.js";
import { SpoolMetrics } from "./spool/spool-metrics.js";
import { SpoolOrder } from "./spool/spool-order.js";
import { SpoolRetention } from "./spool/spool-retention.js";
import { SpoolWork } from "./spool/spool-work.js";

/** The stores and the metrics that the queues use. The code that opened the stores closes them. */
export interface Stores {
  redis: RedisStore;
  postgres: PostgresStore;
  metrics: Registry;
}

/** Creates the parts that QueueService calls, in a server. */
export function createQueueParts(config: Config, { redis, postgres, metrics }: Stores) {
  const keys = new Keys(config.queuePrefix);
  const bull = new BullAdapter(redis, config.queuePrefix);
  const maxShownBytes = maxItemBytes(config);
  const jobs = new JobReader(redis, keys, maxShownBytes);
  const queues = new QueueReader(redis, keys);
  const cleaner = new QueueCleaner(redis, keys);
  const spool = new Spool(postgres, config.spoolMaxJobs);
  registerCount(metrics, "posta_spool_spooled_total", "Jobs put into the spool.", () => spool.spooled);
  const writer = new JobWriter(new BatchWriter(redis, keys, bull), spool, new SpoolOrder(redis, postgres));
  const adder = new Adder({ plain: writer, durable: spool }, config);
  registerBatchMetrics(metrics, "posta_queue_batch", "jobs", adder.batches.plain);
  registerBatchMetrics(metrics, "posta_spool_batch", "batches of queues", spool.batches);
  registerBatchMetrics(metrics, "posta_queue_durable_batch", "jobs for PostgreSQL", adder.batches.durable);
  return {
    adder,
    jobs,
    queues,
    lister: new JobLister(redis, keys, maxShownBytes),
    jobChanger: new JobChanger(keys, bull, jobs),
    queueChanger: new QueueChanger(redis, keys, bull, queues, cleaner),
    obliterator: new QueueObliterator({ redis, postgres }, keys, bull, queues, cleaner),
    requireStore: () => redis.requireUsable(),
    /**
     * Whether jobs can be added to Redis or to the spool. The spool counts only if Redis refuses writes or is known to
     * be lost. At the start, when Redis was not tried yet, neither counts.
     */
    canAdd: () => (redis.usable && !redis.refusal) || ((redis.usable || redis.isLost) && spool.usable),
    maxJobBytes: config.maxJobBytes,
  };
}

/**
 * Creates the spool's work for the delivery process that leads: moving spooled jobs into their queues, and keeping
 * failed jobs.
 */
export function createSpoolWork(config: Config, { redis, metrics }: Omit<Stores, "postgres">, log: Logger): SpoolWork {
  const keys = new Keys(config.queuePrefix);
  const bull = new BullAdapter(redis, config.queuePrefix);
  const marks = new SpoolMarks(redis, keys);
  const retrier = new FailedJobRetrier(marks, bull, new JobReader(redis, keys, Number.MAX_SAFE_INTEGER));
  const drain = new Drain(new BatchWriter(redis, keys, bull), retrier, marks, log);
  const deadJobs = new DeadJobs(redis, keys, new QueueReader(redis, keys), log);
  registerCount(metrics, "posta_spool_drained_total", "Jobs moved from the spool.", () => drain.drained);
  registerCount(metrics, "posta_dead_jobs_total", "Failed jobs put into dead_letters.", () => deadJobs.collected);
  const moved = new SpoolRetention(marks);
  const spoolMetrics = new SpoolMetrics(metrics, config.spoolMaxJobs);
  return new SpoolWork({ drain, moved, deadJobs, metrics: spoolMetrics }, redis);
}
