import { uuidv7 } from "uuidv7";
import type { PostgresStore } from "../../store/postgres/store.js";
import type { DeliveryMetrics, OutboxDepth } from "../delivery/delivery-metrics.js";
import { type PublishStatus, statusOf } from "../record/status.js";
import { priorities } from "../sender/sender-queues.js";
import { dropIdle, expire, forgetKeys, measure, settleLost } from "./sweep-statements.js";

const maxBatch = 500;
/** The most batches of keys that one run deletes: many more than callers can bring between two runs. */
const maxKeyBatches = 40;
/** The most outbox rows that one run looks at: many more than can become idle between two runs. */
const maxIdle = 5000;
/** The text in the history of a message whose process was lost. */
const lostText = "the process that sent it was lost before it could tell what became of it";

export interface SweepOptions {
  /** The numbers that some host sends from. */
  senders: () => readonly string[];
  maxAttempts: number;
  /** How long a message may be under way before its process counts as lost. */
  lostAfterMs: number;
  /** How long after its move an outbox row is looked at again. */
  forgottenAfterMs: number;
  /** How long an idempotency key is remembered. */
  keyWindowMs: number;
}

interface SweptRow {
  id: string;
  sender: string;
  recipient: string;
  type: string;
  status: number;
}

/**
 * Finds what nobody else will find: messages whose process died, messages that expired while they waited, and rows that
 * are no longer needed.
 */
export class Sweep {
  constructor(
    private readonly postgres: PostgresStore,
    private readonly metrics: DeliveryMetrics,
    private readonly publish: PublishStatus,
    private readonly options: SweepOptions,
  ) {}

  /** Settles messages that have been in sending for too long: as unknown, or queued again. */
  async settleLost(): Promise<void> {
    const { lostAfterMs, maxAttempts } = this.options;
    await this.drain(() => {
      const deadIds = Array.from({ length: maxBatch }, () => uuidv7());
      return this.postgres.query<SweptRow>(settleLost, [lostAfterMs, maxAttempts, deadIds, lostText]);
    });
  }

  async expire(): Promise<void> {
    await this.drain(() => this.postgres.query<SweptRow>(expire, [maxBatch]));
  }

  async forget(): Promise<void> {
    const { keyWindowMs, forgottenAfterMs } = this.options;
    await this.postgres.query(dropIdle, [forgottenAfterMs, maxIdle]);
    for (let batch = 0; batch < maxKeyBatches; batch++) {
      const forgotten = await this.postgres.query(forgetKeys, [keyWindowMs, maxBatch]);
      if (forgotten.length < maxBatch) return;
    }
  }

  async measure(): Promise<void> {
    const [row] = await this.postgres.query<OutboxDepth>(measure, [this.options.senders(), priorities]);
    if (row) this.metrics.outboxIs(row);
  }

  /** Another process measures the outbox. */
  follow(): void {
    this.metrics.outboxIsOthers();
  }

  private async drain(step: () => Promise<SweptRow[]>): Promise<void> {
    let rows: SweptRow[];
    do {
      rows = await step();
      const changes = rows.map(({ id: messageId, status, ...row }) => {
        return { messageId, status: statusOf(status), ...row, timeMs: Date.now() };
      });
      for (const { status } of changes) this.metrics.cameToBe(status);
      this.publish(changes);
    } while (rows.length === maxBatch);
  }
}
