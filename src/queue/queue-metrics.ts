import { Gauge, type Registry } from "prom-client";
import type { QueueReader } from "./read-queue.js";

/** The queues as Prometheus sees them, read at an interval: a scrape never waits for Redis. */
export class QueueMetrics {
  private timer: NodeJS.Timeout | undefined;
  private readonly jobs;
  private readonly oldestDue;
  private readonly paused;
  private readonly readTime;

  constructor(
    private readonly queues: QueueReader,
    registry: Registry,
    private readonly options: { metricsIntervalMs: number; metricsMaxQueues: number },
  ) {
    const registers = [registry];
    this.jobs = new Gauge({
      name: "posta_queue_jobs",
      help: "Jobs in a queue, by state.",
      labelNames: ["queue", "state"],
      registers,
    });
    this.oldestDue = new Gauge({
      name: "posta_queue_oldest_due_age_seconds",
      help: "How long the oldest job that could run now has been able to; 0 if there is none.",
      labelNames: ["queue"],
      registers,
    });
    this.paused = new Gauge({
      name: "posta_queue_paused",
      help: "1: the queue is paused.",
      labelNames: ["queue"],
      registers,
    });
    this.readTime = new Gauge({
      name: "posta_queue_metrics_timestamp_seconds",
      help: "When the queues were last counted, in seconds since 1970.",
      registers,
    });
  }

  start(): void {
    this.timer ??= setInterval(() => void this.read(), this.options.metricsIntervalMs);
    void this.read();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** A failed read leaves the figures as they were; their timestamp shows their age. */
  private async read(): Promise<void> {
    const queues = await this.queues.first(this.options.metricsMaxQueues).catch(() => undefined);
    if (!queues) return;
    for (const gauge of [this.jobs, this.oldestDue, this.paused]) gauge.reset();
    for (const { name: queue, counts, oldestDueAgeMs = 0, paused } of queues) {
      for (const [state, count] of Object.entries(counts)) this.jobs.set({ queue, state }, count);
      this.oldestDue.set({ queue }, oldestDueAgeMs / 1000);
      this.paused.set({ queue }, paused ? 1 : 0);
    }
    this.readTime.set(Date.now() / 1000);
  }
}
