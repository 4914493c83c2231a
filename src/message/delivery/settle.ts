import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { uuidv7 } from "uuidv7";
import { GroupCommit } from "../../batching/group-commit.js";
import { toPostaError } from "../../errors/posta-error.js";
import type { PostgresStore } from "../../store/postgres/store.js";
import type { Logger } from "../../telemetry/log/log.js";
import { type PublishStatus, type StatusChange, statusOf } from "../record/status.js";
import { endOf } from "../record/status-machine.js";
import type { DeliveryMetrics } from "./delivery-metrics.js";
import type { Decision } from "./retry-rules.js";
import { type SettledRow, settle } from "./settle-statement.js";

/** The outcome of an attempt. */
export interface Settlement {
  id: string;
  claim: string;
  decision: Decision;
}

const retryMs = 500;
/** The status that each decision leads to. */
const outcomes = {
  accepted: endOf("accept"),
  failed: endOf("refuse"),
  unknown: endOf("lose-answer"),
  again: endOf("retry"),
};

/**
 * Writes the outcomes of attempts, one statement for each batch. Only this process knows WhatsApp's answer. So it tries
 * again until PostgreSQL has taken the answer.
 */
export class Settler {
  private readonly commit: GroupCommit<Settlement, undefined>;
  private readonly givingUp = new AbortController();

  constructor(
    private readonly postgres: PostgresStore,
    private readonly metrics: DeliveryMetrics,
    private readonly publish: PublishStatus,
    private readonly log: Logger,
  ) {
    this.commit = new GroupCommit(
      (batch) => this.write(batch),
      { maxBatch: 100, maxInFlight: 2 },
      metrics.batches.settle,
    );
    setMaxListeners(0, this.givingUp.signal); // One listener for each message that waits for PostgreSQL.
  }

  /** Resolves when the settlement is committed, or given up. In the second case the sweep will find the message. */
  async settle(settlement: Settlement): Promise<void> {
    const { signal } = this.givingUp;
    let alone = false;
    while (!signal.aborted) {
      const written = alone ? this.write([settlement]) : this.commit.push(settlement);
      const error = await written.then(() => undefined, toPostaError);
      if (error === undefined) return;
      // PostgreSQL cannot take it now.
      if (error.code !== "internal") await sleep(retryMs, undefined, { signal }).catch(() => {});
      else if (alone) return this.logUnwritten(settlement, error);
      else alone = true; // PostgreSQL refused this settlement, or another one of its batch.
    }
  }

  /** The process is about to end. The sweep will find the messages whose outcome is not written yet. */
  giveUp(): void {
    this.givingUp.abort();
  }

  private logUnwritten({ id }: Settlement, error: Error): void {
    this.log.error({ err: error, messageId: id }, "the outcome of a message could not be stored");
  }

  private async write(batch: readonly Settlement[]): Promise<undefined[]> {
    const rows = await this.postgres.query<SettledRow>(settle, toColumns(batch));
    for (const row of rows) this.metrics.settled(row);
    this.publish(rows.filter(({ status, outcome }) => status === outcome).map(toChange));
    return batch.map(() => undefined);
  }
}

function toColumns(batch: readonly Settlement[]): unknown[] {
  const column = <Value>(read: (decision: Decision) => Value) => batch.map(({ decision }) => read(decision));
  return [
    batch.map(({ id }) => id),
    batch.map(({ claim }) => claim),
    column(({ kind }) => outcomes[kind]),
    column((decision) => (decision.kind === "accepted" ? decision.wamid : null)),
    column((decision) => ("code" in decision ? toInteger(decision.code) : null)),
    column((decision) => ("text" in decision ? toText(decision.text) : null)),
    column((decision) => (decision.kind === "again" ? decision.afterMs : 0)),
    column((decision) => (decision.kind === "again" && decision.usedUp ? 1 : 0)),
    column((decision) => (decision.kind === "again" && decision.pairLimit ? 1 : 0)),
    batch.map(() => uuidv7()),
  ];
}

/** null: there is no code, or the column cannot store it. */
function toInteger(code: number | undefined): number | null {
  return code === undefined || Math.abs(code) > 2 ** 31 - 1 ? null : code;
}

/** PostgreSQL cannot store a null character in a text. */
function toText(text: string): string {
  return text.replaceAll("\0", "");
}

function toChange({ id, sender, recipient, type, status }: SettledRow): StatusChange {
  return { messageId: id, sender, recipient, type, status: statusOf(status), timeMs: Date.now() };
}
