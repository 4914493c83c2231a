import { Counter, Histogram, type Registry } from "prom-client";
import { BatchMetrics, registerBatchMetrics } from "../../batching/batch-metrics.js";
import type { Applied } from "./apply-statuses.js";
import type { WebhookOddities } from "./body/webhook-oddities.js";
import type { StatusUpdate } from "./body/webhook-status.js";

/** How the work on a body ends. The body is tried again after "delayed" (PostgreSQL is down) and after "failed". */
export type BodyOutcome = "applied" | "delayed" | "failed";

/** Counts the contents of webhooks, and what became of them. */
export class WebhookMetrics {
  /** Metrics of the batches in which parts of webhooks are written or looked up. */
  readonly batches = {
    statuses: new BatchMetrics(),
    inbound: new BatchMetrics(),
    parts: new BatchMetrics(),
    foreign: new BatchMetrics(),
  };
  private readonly bodies: Counter;
  private readonly statuses: Counter;
  private readonly inbound: Counter;
  private readonly skipped: Counter;
  private readonly oddFields: Counter;
  private readonly lag: Histogram;

  constructor(registry: Registry) {
    this.registerBatches(registry);
    const counter = (name: string, help: string, label: string) =>
      new Counter({ name, help, labelNames: [label], registers: [registry] });
    this.bodies = counter(
      "posta_webhook_bodies_total",
      "Webhooks that were taken from their queue, by how that ended.",
      "outcome",
    );
    this.statuses = counter("posta_webhook_statuses_total", "Statuses that WhatsApp reported, by effect.", "outcome");
    this.inbound = counter("posta_webhook_inbound_total", "Messages that came in, by whether they are new.", "outcome");
    this.skipped = counter(
      "posta_webhook_skipped_total",
      "Parts of webhooks that Posta has no use for, by reason.",
      "reason",
    );
    this.oddFields = counter(
      "posta_webhook_odd_fields_total",
      "Fields of webhooks that were missing or odd, and that a stand-in took the place of.",
      "field",
    );
    this.lag = new Histogram({
      name: "posta_webhook_status_lag_seconds",
      help: "From when WhatsApp says that a new status was to when it is in PostgreSQL.",
      buckets: [0.5, 1, 2, 5, 15, 60, 300, 1800, 7200, 86_400],
      registers: [registry],
    });
  }

  private registerBatches(registry: Registry): void {
    const { statuses, inbound, parts, foreign } = this.batches;
    registerBatchMetrics(registry, "posta_webhook_status_batch", "statuses", statuses);
    registerBatchMetrics(registry, "posta_webhook_inbound_batch", "messages that came in", inbound);
    registerBatchMetrics(registry, "posta_webhook_part_batch", "parts of webhooks that are kept as they are", parts);
    registerBatchMetrics(registry, "posta_webhook_lookup_batch", "statuses to look up by WhatsApp's id", foreign);
  }

  countBody(outcome: BodyOutcome): void {
    this.bodies.inc({ outcome });
  }

  countOddities({ skipped, fields }: WebhookOddities): void {
    for (const [reason, count] of skipped) this.skipped.inc({ reason }, count);
    for (const [field, count] of fields) this.oddFields.inc({ field }, count);
  }

  countStatuses(updates: readonly StatusUpdate[], applied: readonly Applied[]): void {
    const now = Date.now();
    for (const [index, { outcome }] of applied.entries()) {
      this.statuses.inc({ outcome });
      const { at } = updates[index] as StatusUpdate;
      if (outcome === "moved" || outcome === "late") this.lag.observe(Math.max(0, now - at.getTime()) / 1000);
    }
  }

  countInbound(areNew: readonly boolean[]): void {
    for (const isNew of areNew) this.inbound.inc({ outcome: isNew ? "kept" : "repeated" });
  }
}
