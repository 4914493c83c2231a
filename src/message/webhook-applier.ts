import { GroupCommit } from "../group-commit.js";
import type { Queries } from "../store/postgres-session.js";
import { type Applied, applyStatuses } from "./apply-statuses.js";
import { keepInbound, type RecordInbound, withKeptTime } from "./inbound.js";
import type { RecordStatus, StatusChange } from "./status.js";
import { type InboundMessage, parseWebhook, type StatusUpdate } from "./webhook-body.js";
import type { WebhookMetrics } from "./webhook-metrics.js";

/** Told of what is new, once it is committed. */
export interface Recorders {
  statuses: RecordStatus;
  inbound: RecordInbound;
}

/** A second batch only sets out beside a full one: together they keep PostgreSQL busy, and hardly wait for each other. */
const grouping = { maxBatch: 200, maxInFlight: 2 };

/** Applies webhooks: what several of them say goes into PostgreSQL together. */
export class WebhookApplier {
  private readonly statuses = new GroupCommit(
    (updates: readonly StatusUpdate[]) => this.writeStatuses(updates),
    grouping,
  );
  private readonly inbound = new GroupCommit(
    (messages: readonly InboundMessage[]) => this.writeInbound(messages),
    grouping,
  );

  constructor(
    private readonly postgres: Queries,
    private readonly record: Recorders,
    private readonly metrics: WebhookMetrics,
  ) {}

  /**
   * Applies a webhook's JSON, which came at `receivedAt`. `alone`: not together with others, so that what PostgreSQL does
   * not take of it cannot make theirs fail. Throws invalid for what is no webhook, unavailable if PostgreSQL is down.
   */
  async apply(json: unknown, receivedAt: Date, alone: boolean): Promise<void> {
    const { statuses, inbound, skipped } = parseWebhook(json);
    this.metrics.countSkipped(skipped);
    const messages = inbound.map((message) => withKeptTime(message, receivedAt, new Date()));
    if (alone) {
      for (const batch of batchesOf(statuses)) await this.writeStatuses(batch);
      for (const batch of batchesOf(messages)) await this.writeInbound(batch);
      return;
    }
    const updates = statuses.map((update) => this.statuses.push(update));
    await Promise.all([...updates, ...messages.map((message) => this.inbound.push(message))]);
  }

  private async writeStatuses(updates: readonly StatusUpdate[]): Promise<Applied[]> {
    const applied = await applyStatuses(this.postgres, updates);
    this.metrics.countStatuses(updates, applied);
    this.record.statuses(applied.flatMap((result, index) => toChange(updates[index] as StatusUpdate, result)));
    return applied;
  }

  private async writeInbound(messages: readonly InboundMessage[]): Promise<boolean[]> {
    const areNew = await keepInbound(this.postgres, messages);
    this.metrics.countInbound(areNew);
    this.record.inbound(messages.filter((_, index) => areNew[index]));
    return areNew;
  }
}

/** A step that came late is a change too, so that there are as many "sent" as messages that were. */
function toChange({ messageId, status, at }: StatusUpdate, applied: Applied): StatusChange[] {
  if (applied.outcome !== "moved" && applied.outcome !== "late") return [];
  const { sender, recipient, type } = applied;
  return [{ messageId, sender, recipient, type, status, timeMs: at.getTime() }];
}

function batchesOf<Item>(items: Item[]): Item[][] {
  const { maxBatch } = grouping;
  const starts = Array.from({ length: Math.ceil(items.length / maxBatch) }, (_, index) => index * maxBatch);
  return starts.map((start) => items.slice(start, start + maxBatch));
}
