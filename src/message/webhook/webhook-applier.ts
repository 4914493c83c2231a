import { GroupCommit } from "../../batching/group-commit.js";
import { toPostaError } from "../../errors/posta-error.js";
import type { Queries } from "../../store/postgres/session.js";
import type { Logger } from "../../telemetry/log/log.js";
import type { PublishStatus, StatusChange } from "../record/status.js";
import { type Applied, applyStatuses } from "./apply-statuses.js";
import { parseWebhook } from "./body/webhook-body.js";
import { type InboundMessage, toKeptPart } from "./body/webhook-message.js";
import { OddityLog, type WebhookOddities } from "./body/webhook-oddities.js";
import type { ForeignStatus, StatusUpdate } from "./body/webhook-status.js";
import { findByWamid } from "./find-by-wamid.js";
import { keepInbound, type PublishInbound } from "./inbound.js";
import type { PublishOther } from "./status-events.js";
import type { WebhookMetrics } from "./webhook-metrics.js";

/** Receive new statuses and messages after they are committed, and other parts each time that they come. */
export interface Publishers {
  statuses: PublishStatus;
  inbound: PublishInbound;
  other: PublishOther;
}

/**
 * While one batch is under way, a second one is sent only if it is full. Two batches keep PostgreSQL busy, and hardly
 * wait for each other.
 */
const grouping = { maxBatch: 200, maxInFlight: 2 };

/** Applies webhooks. One statement writes the content of several webhooks into PostgreSQL. */
export class WebhookApplier {
  private readonly statuses: GroupCommit<StatusUpdate, Applied>;
  private readonly inbound: GroupCommit<InboundMessage, boolean>;
  private readonly parts: GroupCommit<InboundMessage, boolean>;
  private readonly foreign: GroupCommit<ForeignStatus, string | undefined>;
  private readonly oddityLog: OddityLog;

  constructor(
    private readonly postgres: Queries,
    private readonly publish: Publishers,
    private readonly metrics: WebhookMetrics,
    log: Logger,
  ) {
    this.oddityLog = new OddityLog(log);
    const { batches } = metrics;
    this.statuses = new GroupCommit((updates) => this.writeStatuses(updates), grouping, batches.statuses);
    this.inbound = new GroupCommit((messages) => this.writeInbound(messages), grouping, batches.inbound);
    this.parts = new GroupCommit((parts) => keepInbound(postgres, parts), grouping, batches.parts);
    this.foreign = new GroupCommit((statuses) => findByWamid(postgres, statuses), grouping, batches.foreign);
  }

  /**
   * Applies a webhook's JSON, which came at `receivedAt`. `alone`: writes it apart from other webhooks, so that parts
   * that PostgreSQL refuses cannot make others fail. Throws unavailable if PostgreSQL is down.
   */
  async apply(json: unknown, receivedAt: Date, alone: boolean): Promise<void> {
    const { statuses: named, foreign, inbound, oddities } = parseWebhook(json, receivedAt);
    const statuses = [...named, ...(await this.findOurs(foreign, oddities))];
    const whole = { kind: "malformed.body", sender: "unknown", at: receivedAt, json };
    const parts = (oddities.isCut ? [whole] : oddities.parts).map(toKeptPart);
    if (alone) await this.applyAlone(statuses, inbound, parts);
    else {
      await Promise.all([
        ...statuses.map((update) => this.statuses.push(update)),
        ...inbound.map((message) => this.inbound.push(message)),
        ...parts.map((part) => this.parts.push(part)),
      ]);
    }
    // At the end, so that each body counts once: a body that fails is applied again.
    this.metrics.countOddities(oddities);
    this.oddityLog.log(oddities);
    this.publish.other(oddities.parts);
  }

  /** The statuses of Posta's own messages. The others are counted. */
  private async findOurs(foreign: ForeignStatus[], oddities: WebhookOddities): Promise<StatusUpdate[]> {
    const ids = await Promise.all(foreign.map((status) => this.foreign.push(status)));
    return foreign.flatMap(({ recipient, ...step }, index) => {
      const messageId = ids[index];
      if (messageId !== undefined) return [{ ...step, messageId }];
      oddities.skip("foreign-status");
      return [];
    });
  }

  /** Writes everything that PostgreSQL takes. After that, throws PostgreSQL's first error about the rest. */
  private async applyAlone(
    statuses: StatusUpdate[],
    inbound: InboundMessage[],
    parts: InboundMessage[],
  ): Promise<void> {
    const failures: unknown[] = [];
    await writeAll(statuses, (batch) => this.writeStatuses(batch), failures);
    await writeAll(inbound, (batch) => this.writeInbound(batch), failures);
    await writeAll(parts, (batch) => keepInbound(this.postgres, batch), failures);
    if (failures.length > 0) throw failures[0];
  }

  private async writeStatuses(updates: readonly StatusUpdate[]): Promise<Applied[]> {
    const applied = await applyStatuses(this.postgres, updates);
    this.metrics.countStatuses(updates, applied);
    this.publish.statuses(applied.flatMap((result, index) => toChange(updates[index] as StatusUpdate, result)));
    return applied;
  }

  private async writeInbound(messages: readonly InboundMessage[]): Promise<boolean[]> {
    const areNew = await keepInbound(this.postgres, messages);
    this.metrics.countInbound(areNew);
    this.publish.inbound(messages.filter((_, index) => areNew[index]));
    return areNew;
  }
}

/** A late step is recorded too, so that there are as many "sent" events as messages sent. */
function toChange({ messageId, status, at }: StatusUpdate, applied: Applied): StatusChange[] {
  if (applied.outcome !== "moved" && applied.outcome !== "late") return [];
  const { sender, recipient, type } = applied;
  return [{ messageId, sender, recipient, type, status, timeMs: at.getTime() }];
}

/**
 * Writes items in batches. If a batch fails, writes each of its items by itself, and adds their errors to `failures`.
 */
async function writeAll<Item>(
  items: readonly Item[],
  write: (batch: readonly Item[]) => Promise<unknown>,
  failures: unknown[],
): Promise<void> {
  for (const batch of batchesOf(items, grouping.maxBatch)) {
    if (await tryToWrite(() => write(batch))) continue;
    for (const item of batch) await tryToWrite(() => write([item]), failures);
  }
}

/** Whether the write succeeded. Throws if a later try may succeed. */
async function tryToWrite(write: () => Promise<unknown>, failures: unknown[] = []): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (["unavailable", "exhausted"].includes(toPostaError(error).code)) throw error;
    failures.push(error);
    return false;
  }
}

function batchesOf<Item>(items: readonly Item[], size: number): (readonly Item[])[] {
  const starts = Array.from({ length: Math.ceil(items.length / size) }, (_, index) => index * size);
  return starts.map((start) => items.slice(start, start + size));
}
