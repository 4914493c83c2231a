import { Counter, Gauge, type Registry } from "prom-client";
import type { QueueFigures, QueueReader } from "./read-queue.js";
import { UnworkedTimes } from "./unworked-times.js";

/** The queues' metrics for Prometheus. They are read at an interval, so a scrape never waits for Redis. */
export class QueueMetrics {
  /** The queues as last read, and the time of that read, in milliseconds since 1970. */
  latest: { queues: readonly QueueFigures[]; readAt: number } | undefined;
  private readonly jobs;
  private readonly added;
  private readonly finished;
  private readonly oldestDue;
  private readonly unworked;
  private readonly paused;
  private readonly leftOut;
  private readonly readTime;
  private readonly unworkedTimes = new UnworkedTimes();

  constructor(
    private readonly queues: QueueReader,
    registry: Registry,
    private readonly maxQueues: number,
  ) {
    const registers = [registry];
    this.jobs = new Gauge({
      name: "posta_queue_jobs",
      help: "Jobs in a queue, by state.",
      labelNames: ["queue", "state"],
      registers,
    });
    this.added = new Counter({
      name: "posta_queue_added_total",
      help: "Jobs ever added to a queue, by whomever.",
      labelNames: ["queue"],
      registers,
    });
    this.finished = new Gauge({
      name: "posta_queue_finished_per_second",
      help: "Jobs that completed and that failed for good in the last minute, a second; those that are removed at once are not seen.",
      labelNames: ["queue", "state"],
      registers,
    });
    this.oldestDue = new Gauge({
      name: "posta_queue_oldest_due_age_seconds",
      help: "How long the oldest job that could run now has been able to; 0 if there is none.",
      labelNames: ["queue"],
      registers,
    });
    this.unworked = new Gauge({
      name: "posta_queue_unworked_seconds",
      help: "How long jobs that could run have waited while nobody worked on the queue; 0 if somebody does, or nothing is to do.",
      labelNames: ["queue"],
      registers,
    });
    this.paused = new Gauge({
      name: "posta_queue_paused",
      help: "1: the queue is paused.",
      labelNames: ["queue"],
      registers,
    });
    this.leftOut = new Gauge({
      name: "posta_queues_left_out",
      help: "Queues beyond POSTA_METRICS_MAX_QUEUES: neither metrics nor health nor alerts tell of them.",
      registers,
    });
    this.readTime = new Gauge({
      name: "posta_queue_metrics_timestamp_seconds",
      help: "When the queues were last counted, in seconds since 1970.",
      registers,
    });
  }

  async read(): Promise<void> {
    const { queues, leftOut } = await this.queues.watched(this.maxQueues);
    const readAt = Date.now();
    this.latest = { queues, readAt };
    for (const metric of [this.jobs, this.added, this.finished, this.oldestDue, this.unworked, this.paused])
      metric.reset();
    for (const [queue, ms] of this.unworkedTimes.update(queues, readAt)) this.unworked.set({ queue }, ms / 1000);
    for (const figures of queues) {
      const { name: queue, counts, oldestDueAgeMs = 0, paused } = figures;
      for (const [state, count] of Object.entries(counts)) this.jobs.set({ queue, state }, count);
      this.added.inc({ queue }, figures.addedTotal);
      this.finished.set({ queue, state: "completed" }, figures.completedPerSecond);
      this.finished.set({ queue, state: "failed" }, figures.failedPerSecond);
      this.oldestDue.set({ queue }, oldestDueAgeMs / 1000);
      this.paused.set({ queue }, paused ? 1 : 0);
    }
    this.leftOut.set(leftOut);
    this.readTime.set(readAt / 1000);
  }
}
