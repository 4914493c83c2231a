import type { Registry } from "prom-client";
import { registerCount, registerCounts } from "../../telemetry/metrics/counters.js";
import { Distribution, registerDistributions } from "../../telemetry/metrics/histogram.js";
import type { Reporter } from "./reporter.js";
import type { LeasedJob } from "./work.js";

/** How long jobs wait for a worker, in seconds. */
const waitBounds = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3600];

/** Counts the jobs that are leased. */
export class LeaseCounts {
  leased = 0;
  /** Those of them that had been begun before. */
  redelivered = 0;
  private readonly waits = new Distribution(waitBounds);

  constructor(metrics: Registry) {
    registerCount(metrics, "posta_work_leased_total", "Jobs leased to workers.", () => this.leased);
    const again = "Jobs leased to workers that had been begun before.";
    registerCount(metrics, "posta_work_redelivered_total", again, () => this.redelivered);
    const help = "How long jobs waited for their first worker after they were due, in seconds.";
    registerDistributions(metrics, { name: "posta_work_dispatch_wait_seconds", help }, () => [this.waits]);
  }

  count(jobs: readonly Pick<LeasedJob, "dueMs">[]): void {
    const now = Date.now();
    this.leased += jobs.length;
    for (const { dueMs } of jobs) {
      if (dueMs === undefined) this.redelivered += 1;
      else this.waits.add(Math.max(now - dueMs, 0) / 1000);
    }
  }
}

/** Registers what workers say of their jobs. */
export function registerReports(metrics: Registry, reporter: Reporter): void {
  const settled = { name: "posta_work_settled_total", help: "Reports of workers that changed their jobs, by outcome." };
  registerCounts(metrics, settled, () => toCounts("outcome", reporter.applied));
  const updated = { name: "posta_work_updates_total", help: "Updates of workers on their jobs, by kind." };
  registerCounts(metrics, updated, () => toCounts("kind", reporter.updated));
  const lost = "Reports and updates of workers that came after their leases were lost.";
  registerCount(metrics, "posta_work_late_reports_total", lost, () => reporter.lost);
}

function toCounts(label: string, counts: Record<string, number>) {
  return Object.entries(counts).map(([kind, value]) => ({ labels: { [label]: kind }, value }));
}
