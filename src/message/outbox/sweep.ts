import { uuidv7 } from "uuidv7";
import type { PostgresStore } from "../../store/postgres/store.js";
import type { DeliveryMetrics } from "../delivery/delivery-metrics.js";
import { type RecordStatus, statusOf } from "../record/status.js";
import { priorities } from "../sender/sender-queues.js";
import { dropIdle, expire, forgetKeys, measure, settleLost } from "./sweep-statements.js";

const maxBatch = 500;
/** Keys of a run, at most: many more than can come in meanwhile. */
const maxKeyBatches = 40;
/** Rows of the outbox that are looked at in a run: many more than can come to be idle meanwhile. */
const maxIdle = 5000;
/** What is written into the history of a message whose process was lost. */
const lostText = "the process that sent it was lost before it could tell what became of it";

export interface SweepOptions {
  senders: readonly string[];
  maxAttempts: number;
  /** How long a message may be under way before its process counts as lost. */
  lostAfterMs: number;
  /** How long after it was moved a row of the outbox is looked at again. */
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

/** Finds what nobody else will: messages whose process died, that expired while they waited, and what is no longer needed. */
export class Sweep {
  constructor(
    private readonly postgres: PostgresStore,
    private readonly metrics: DeliveryMetrics,
    private readonly record: RecordStatus,
    private readonly options: SweepOptions,
  ) {}

  /** Ends as unknown, or queues again, what is being sent for too long. */
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
    const values = [this.options.senders, priorities];
    const [row] = await this.postgres.query<{ waiting: number; moved: number; oldest: number }>(measure, values);
    if (row) this.metrics.outboxIs({ ...row, oldestSeconds: row.oldest });
  }

  /** Another process measures. */
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
      this.record(changes);
    } while (rows.length === maxBatch);
  }
}
