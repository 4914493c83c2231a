import { Gauge, type Registry } from "prom-client";
import { registerBatchMetrics } from "../../batching/batch-metrics.js";
import { registerCount } from "../../telemetry/metrics/counters.js";
import type { EventBuffer } from "./buffer.js";
import type { EventBatcher } from "./event-batcher.js";

/** What became of the events of one process. They are counted in plain fields; prom-client sees them at a scrape. */
export function registerTrackMetrics(registry: Registry, batcher: EventBatcher, buffer: EventBuffer): void {
  const counter = (name: string, help: string, read: () => number) => registerCount(registry, name, help, read);
  counter("posta_analytics_events_total", "Events that Redis has taken, duplicates included.", () => {
    return batcher.counts.events;
  });
  counter("posta_analytics_refused_events_total", "Events that were refused: their hour has too many names.", () => {
    return batcher.counts.refused;
  });
  counter("posta_analytics_batches_total", "Batches that they came in.", () => batcher.counts.batches);
  counter("posta_analytics_other_events_total", 'Counts that went to a series "other": its name has too many.', () => {
    return batcher.counts.overflow;
  });
  counter("posta_analytics_lost_events_total", "Accepted events that could not be written.", () => buffer.counts.lost);
  registerBatchMetrics(registry, "posta_analytics_batch", "events", batcher.metrics);
  new Gauge({
    name: "posta_analytics_buffered_events",
    help: "Accepted events that are not written yet.",
    registers: [registry],
    collect() {
      this.set(buffer.size);
    },
  });
}
