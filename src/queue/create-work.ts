import { randomUUID } from "node:crypto";
import type { Registry } from "prom-client";
import { BatchMetrics, registerBatchMetrics } from "../batching/batch-metrics.js";
import type { Config } from "../config/config.js";
import { BullAdapter } from "../store/bullmq/adapter.js";
import { openWorkerRedis } from "../store/bullmq/worker-connection.js";
import { maxItemBytes } from "../store/page-token.js";
import type { RedisStore } from "../store/redis/store.js";
import type { Logger } from "../telemetry/log/log.js";
import { registerCount, registerGauge } from "../telemetry/metrics/counters.js";
import { Keys } from "./job/keys.js";
import { Leaser } from "./work/leaser.js";
import { LeaseExtender } from "./work/leases/lease-extender.js";
import { LostLeases } from "./work/leases/lost-leases.js";
import { MarkerWatch } from "./work/marker-watch.js";
import { CancelGraces } from "./work/orders/cancel-graces.js";
import { JobCanceller } from "./work/orders/cancel-job.js";
import { WorkControl } from "./work/orders/work-control.js";
import { CallingWorkers } from "./work/registry/calling-workers.js";
import { WorkerDrain } from "./work/registry/drain-worker.js";
import { WorkerLister } from "./work/registry/list-workers.js";
import { registerSessions } from "./work/registry/session-metrics.js";
import { WorkerRegistry } from "./work/registry/worker-registry.js";
import { Reporter } from "./work/reporter.js";
import { ScheduledRuns } from "./work/scheduled-runs.js";
import { WorkBatcher } from "./work/work-batcher.js";
import { LeaseCounts, registerReports } from "./work/work-metrics.js";
import { WorkScript } from "./work/work-script.js";
import { WorkedQueues } from "./work/worked-queues.js";

interface Stores {
  redis: RedisStore;
  metrics: Registry;
}

/** Creates the parts that WorkerService calls, in a server. */
export function createWorkParts(config: Config, { redis, metrics }: Stores, log: Logger) {
  const keys = new Keys(config.queuePrefix);
  const bull = new BullAdapter(redis, config.queuePrefix);
  const worked = new WorkedQueues(redis, keys);
  const script = new WorkScript(redis, keys, maxItemBytes(config));
  const batches = new BatchMetrics();
  const batcher = new WorkBatcher(script, batches);
  const watch = new MarkerWatch({
    blocking: openWorkerRedis(config, log, { lazyConnect: true }),
    shared: redis.client,
    markerOf: (queue) => keys.of(queue, "marker"),
    interruptKey: keys.interrupt(randomUUID()),
    now: () => redis.clock.now(),
    haveJobs: (queues) => haveJobs(redis, keys, queues),
    giveBack: (queue) => script.run(queue, [], []),
    log,
  });
  const scheduled = new ScheduledRuns(bull, log);
  const control = new WorkControl({
    subscriber: openWorkerRedis(config, log, { lazyConnect: true }),
    publisher: redis.client,
    channel: keys.workControl,
    log,
  });
  const registry = new WorkerRegistry({ store: redis, keys, control, calling: new CallingWorkers(), log });
  const counts = new LeaseCounts(metrics);
  // A call that waits takes the place of one that works.
  const leaser = new Leaser({ batcher, watch, scheduled, worked, registry, counts, maxWaiting: config.maxCalls / 2 });
  const reporter = new Reporter(batcher, config);
  registerBatchMetrics(metrics, "posta_work_batch", "leases and reports", batches);
  registerGauge(metrics, "posta_work_waiting_calls", "Calls that wait for jobs.", () => leaser.waiting);
  registerReports(metrics, reporter);
  registerSessions(metrics, registry);
  const lister = new WorkerLister(redis, keys);
  return {
    registry,
    lister,
    drain: new WorkerDrain(redis, keys, lister, control),
    canceller: new JobCanceller(redis, keys, control),
    leaser,
    reporter,
    extender: new LeaseExtender(redis, keys, worked),
    requireStore: () => redis.requireUsable(),
    connections: { maxAgeMs: config.maxConnectionAgeMs, graceMs: config.maxConnectionAgeGraceMs },
    maxJobBytes: config.maxJobBytes,
    log,
    /** Answers all calls that wait for jobs, now and from now on. */
    stopWaiting: () => watch.close(),
    close: () => registry.close(),
  };
}

/** Creates what ends leases, in a delivery process. */
export function createLostLeases(config: Config, { redis, metrics }: Stores, log: Logger): LostLeases {
  const keys = new Keys(config.queuePrefix);
  const batcher = new WorkBatcher(new WorkScript(redis, keys, maxItemBytes(config)));
  const graces = new CancelGraces(redis, keys, batcher, log);
  const lost = new LostLeases(redis, keys, graces, log);
  const putBack = "Jobs put back in line, as their leases had ended.";
  registerCount(metrics, "posta_work_lost_total", putBack, () => lost.found);
  const stuck = "Cancelled jobs that failed, as their workers had not stopped within the grace.";
  registerCount(metrics, "posta_work_stuck_total", stuck, () => graces.stuck);
  return lost;
}

/** In one round trip. A queue's limits may still keep its jobs from its workers. */
async function haveJobs({ client }: RedisStore, keys: Keys, queues: readonly string[]): Promise<boolean[]> {
  const counts = queues.map((queue) => {
    return client.exists(...["wait", "prioritized", "delayed"].map((part) => keys.of(queue, part)));
  });
  return (await Promise.all(counts)).map((count) => count > 0);
}
