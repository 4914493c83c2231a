import { randomUUID } from "node:crypto";
import type { Registry } from "prom-client";
import { BatchMetrics, registerBatchMetrics } from "../batching/batch-metrics.js";
import type { Config } from "../config/config.js";
import { BullAdapter } from "../store/bullmq/adapter.js";
import { openWorkerRedis } from "../store/bullmq/worker-connection.js";
import { maxItemBytes } from "../store/page-token.js";
import type { RedisStore } from "../store/redis/store.js";
import type { Logger } from "../telemetry/log/log.js";
import { registerCount, registerCounts, registerGauge } from "../telemetry/metrics/counters.js";
import { Keys } from "./job/keys.js";
import { LeaseExtender } from "./work/lease-extender.js";
import { Leaser } from "./work/leaser.js";
import { LostLeases } from "./work/lost-leases.js";
import { MarkerWatch } from "./work/marker-watch.js";
import { Reporter } from "./work/reporter.js";
import { ScheduledRuns } from "./work/scheduled-runs.js";
import type { Session } from "./work/session/session.js";
import { WorkBatcher } from "./work/work-batcher.js";
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
    giveBack: (queue) => script.run(queue, [], []),
    log,
  });
  const scheduled = new ScheduledRuns(bull, log);
  // A call that waits takes the place of one that works.
  const leaser = new Leaser({ batcher, watch, scheduled, worked, maxWaiting: config.maxCalls / 2 });
  const reporter = new Reporter(batcher);
  registerBatchMetrics(metrics, "posta_work_batch", "leases and reports", batches);
  registerWork(metrics, leaser, reporter);
  const sessions = new Set<Session>();
  registerGauge(metrics, "posta_work_sessions", "Open sessions of workers.", () => sessions.size);
  return {
    sessions,
    leaser,
    reporter,
    extender: new LeaseExtender(redis, keys, worked),
    requireStore: () => redis.requireUsable(),
    maxJobBytes: config.maxJobBytes,
    /** Answers all calls that wait for jobs, now and from now on. */
    stopWaiting: () => watch.close(),
  };
}

function registerWork(metrics: Registry, leaser: Leaser, reporter: Reporter): void {
  registerCount(metrics, "posta_work_leased_total", "Jobs leased to workers.", () => leaser.leased);
  const settled = { name: "posta_work_settled_total", help: "Reports of workers that changed their jobs, by outcome." };
  registerCounts(metrics, settled, () =>
    Object.entries(reporter.applied).map(([outcome, value]) => ({ labels: { outcome }, value })),
  );
  const lost = "Reports of workers that came after their leases were lost.";
  registerCount(metrics, "posta_work_late_reports_total", lost, () => reporter.lost);
  registerGauge(metrics, "posta_work_waiting_calls", "Calls that wait for jobs.", () => leaser.waiting);
}

/** Creates the work for lost leases, in a delivery process. */
export function createLostLeases(config: Config, { redis, metrics }: Stores, log: Logger): LostLeases {
  const lost = new LostLeases(redis, new Keys(config.queuePrefix), log);
  registerCount(
    metrics,
    "posta_work_lost_total",
    "Jobs put back in line, as their leases had ended.",
    () => lost.found,
  );
  return lost;
}
