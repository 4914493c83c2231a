import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { BatchMetrics, registerBatchMetrics } from "../../batching/batch-metrics.js";
import { type Status, statuses, statusOf } from "../record/status.js";
import type { SendAnswer } from "../whatsapp/answer.js";
import { isListed } from "../whatsapp/error-verdicts.js";
import type { SettledRow } from "./settle-statement.js";

/** The states of a sending number's breaker, and their numbers in the metric. */
const breakerStates = { closed: 0, trial: 1, open: 2 } as const;
export type BreakerState = keyof typeof breakerStates;

/** The outbox as the leading process counts it. */
export interface OutboxDepth {
  waiting: number;
  moved: number;
  /** Messages of numbers that no host sends from; up to 1001 of each number are counted. */
  stranded: number;
  /** How long the oldest message that is not moved yet has been due, in seconds. */
  oldestSeconds: number;
}

/** What one delivery process does, for /metrics. */
export class DeliveryMetrics {
  /** Metrics of the batches in which messages are claimed, settled and rescheduled. */
  readonly batches = { claim: new BatchMetrics(), settle: new BatchMetrics(), reschedule: new BatchMetrics() };
  private readonly outcomes: Counter<"status" | "code">;
  private readonly unknown: Counter;
  private readonly requests: Histogram<"kind">;
  private readonly sent: Histogram;
  private readonly permitWaits: Histogram;
  private readonly pairDelays: Counter;
  private readonly breaker: Gauge<"sender">;
  private readonly stopped: Gauge<"sender" | "code">;
  private readonly outbox: Gauge<"state">;
  private readonly stranded: Gauge;
  private readonly oldest: Gauge;
  private readonly readTime: Gauge;
  /** The stopped numbers, and for each the code of the API that stopped it. */
  private readonly codes = new Map<string, string>();

  constructor(registry: Registry) {
    const registers = [registry];
    registerBatchMetrics(registry, "posta_message_claim_batch", "messages to claim", this.batches.claim);
    registerBatchMetrics(registry, "posta_message_settle_batch", "attempts to settle", this.batches.settle);
    registerBatchMetrics(registry, "posta_message_reschedule_batch", "messages to reschedule", this.batches.reschedule);
    this.outcomes = new Counter({
      name: "posta_message_outcomes_total",
      help: "Messages by the status that they came to, and by the Cloud API's code. queued: again, after an attempt.",
      labelNames: ["status", "code"],
      registers,
    });
    this.unknown = new Counter({
      name: "posta_message_unknown_total",
      help: "Messages of which nobody knows whether the Cloud API took them.",
      registers,
    });
    this.requests = new Histogram({
      name: "posta_whatsapp_request_seconds",
      help: "Requests to the Cloud API by how they ended.",
      labelNames: ["kind"],
      buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.sent = new Histogram({
      name: "posta_message_sent_seconds",
      help: "From when a message was to be sent until the Cloud API had taken it.",
      buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600],
      registers,
    });
    this.permitWaits = new Histogram({
      name: "posta_message_permit_wait_seconds",
      help: "How long messages waited for their permit, from when their job began.",
      buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 5],
      registers,
    });
    this.pairDelays = new Counter({
      name: "posta_message_pair_delays_total",
      help: "Messages that were postponed because their recipient gets too many.",
      registers,
    });
    this.breaker = new Gauge({
      name: "posta_whatsapp_breaker_state",
      help: "State of a sending number's breaker: 0 closed, the number sends; 1 trial, one message is sent; 2 open, nothing is sent.",
      labelNames: ["sender"],
      aggregator: "max",
      registers,
    });
    this.stopped = new Gauge({
      name: "posta_whatsapp_sender_stopped",
      help: "1: the Cloud API refuses all messages of a number, with this code. Somebody has to act.",
      labelNames: ["sender", "code"],
      aggregator: "max",
      registers,
    });
    this.outbox = new Gauge({
      name: "posta_outbox_messages",
      help: "Messages that are to be sent: waiting in the outbox, or moved into their queues. At most 100001.",
      labelNames: ["state"],
      aggregator: "max",
      registers,
    });
    this.readTime = new Gauge({
      name: "posta_outbox_metrics_timestamp_seconds",
      help: "When the outbox was last counted, in seconds since 1970. 0: never.",
      aggregator: "max",
      registers,
    });
    this.stranded = new Gauge({
      name: "posta_outbox_stranded_messages",
      help: "Messages that wait for a number that no host sends from, up to 1001 of each number, as the leading process counts them.",
      registers,
    });
    this.oldest = new Gauge({
      name: "posta_outbox_oldest_due_seconds",
      help: "How long the oldest message that is not moved yet has been due.",
      aggregator: "max",
      registers,
    });
  }

  /** An attempt is over. */
  settled({ outcome, code, age_seconds: age }: SettledRow): void {
    this.cameToBe(statusOf(outcome), code);
    if (outcome === statuses.accepted) this.sent.observe(Math.max(0, age));
  }

  /** A message has a new status. */
  cameToBe(status: Status, code: number | null = null): void {
    this.outcomes.inc({ status, code: codeLabel(code) });
    if (status === "unknown") this.unknown.inc();
  }

  requested(kind: SendAnswer["kind"], seconds: number): void {
    this.requests.observe({ kind }, seconds);
  }

  waitedForPermit(seconds: number): void {
    this.permitWaits.observe(seconds);
  }

  delayedPair(): void {
    this.pairDelays.inc();
  }

  breakerChanged(sender: string, state: BreakerState): void {
    this.breaker.set({ sender }, breakerStates[state]);
  }

  /** `code` undefined: the number may send again. */
  senderStopped(sender: string, code: number | undefined): void {
    const before = this.codes.get(sender);
    if (before !== undefined) this.stopped.set({ sender, code: before }, 0);
    this.codes.delete(sender);
    if (code === undefined) return;
    this.codes.set(sender, codeLabel(code));
    this.stopped.set({ sender, code: codeLabel(code) }, 1);
  }

  outboxIs(depth: OutboxDepth): void {
    this.readTime.setToCurrentTime();
    this.setOutbox(depth);
  }

  /** Another process leads, and counts the outbox. */
  outboxIsOthers(): void {
    this.setOutbox({ waiting: 0, moved: 0, stranded: 0, oldestSeconds: 0 });
  }

  private setOutbox({ waiting, moved, stranded, oldestSeconds }: OutboxDepth): void {
    this.outbox.set({ state: "waiting" }, waiting);
    this.outbox.set({ state: "moved" }, moved);
    this.stranded.set(stranded);
    this.oldest.set(oldestSeconds);
  }
}

/** The table of verdicts has few codes. All other codes of the API share one label. */
function codeLabel(code: number | null): string {
  if (code === null) return "";
  return isListed(code) ? String(code) : "other";
}
