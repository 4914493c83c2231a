import { setTimeout as sleep } from "node:timers/promises";
import { uuidv7 } from "uuidv7";
import { toPostaError } from "../errors.js";
import { GroupCommit } from "../group-commit.js";
import type { Logger } from "../log.js";
import type { PostgresStore } from "../store/postgres.js";
import type { Decision } from "./decide.js";
import type { DeliveryMetrics } from "./delivery-metrics.js";
import { settle } from "./settle-statement.js";
import { type RecordStatus, type StatusChange, statuses, statusOf } from "./status.js";

/** What became of an attempt. */
export interface Settlement {
  id: string;
  claim: string;
  decision: Decision;
}

/** A message after its settlement. */
export interface SettledRow {
  id: string;
  sender: string;
  recipient: string;
  type: string;
  status: number;
  /** What it was to be; a webhook may have been faster. */
  told: number;
  code: number | null;
  /** Since it was to be sent. */
  age_seconds: number;
}

const retryMs = 500;
const told = {
  accepted: statuses.accepted,
  failed: statuses.failed,
  unknown: statuses.unknown,
  again: statuses.queued,
};

/**
 * Writes down what became of attempts, a statement a batch. What WhatsApp has answered is known nowhere else: it is kept and
 * written again until PostgreSQL has taken it.
 */
export class Settler {
  private readonly commit: GroupCommit<Settlement, undefined>;
  private readonly givingUp = new AbortController();

  constructor(
    private readonly postgres: PostgresStore,
    private readonly metrics: DeliveryMetrics,
    private readonly record: RecordStatus,
    private readonly log: Logger,
  ) {
    this.commit = new GroupCommit((batch) => this.write(batch), { maxBatch: 100, maxInFlight: 2 });
  }

  /** Resolves when it is committed, or given up: then the sweep will find the message. */
  async settle(settlement: Settlement): Promise<void> {
    const { signal } = this.givingUp;
    while (!signal.aborted) {
      const error = await this.commit.push(settlement).then(() => undefined, toPostaError);
      if (error === undefined) return;
      // PostgreSQL refused it, or another of its batch.
      if (error.code === "internal") return this.settleAlone(settlement);
      await sleep(retryMs, undefined, { signal }).catch(() => {});
    }
  }

  /** The process is about to end: what PostgreSQL has not taken by now is left to the sweep. */
  giveUp(): void {
    this.givingUp.abort();
  }

  private async settleAlone(settlement: Settlement): Promise<void> {
    await this.write([settlement]).catch((error) => {
      this.log.error({ err: error, messageId: settlement.id }, "what became of a message could not be written");
    });
  }

  private async write(batch: readonly Settlement[]): Promise<undefined[]> {
    const rows = await this.postgres.query<SettledRow>(settle, toColumns(batch));
    for (const row of rows) this.metrics.settled(row);
    this.record(rows.filter(({ status, told }) => status === told).map(toChange));
    return batch.map(() => undefined);
  }
}

function toColumns(batch: readonly Settlement[]): unknown[] {
  const column = <Value>(read: (decision: Decision) => Value) => batch.map(({ decision }) => read(decision));
  return [
    batch.map(({ id }) => id),
    batch.map(({ claim }) => claim),
    column(({ kind }) => told[kind]),
    column((decision) => (decision.kind === "accepted" ? decision.wamid : null)),
    column((decision) => ("code" in decision ? (decision.code ?? null) : null)),
    column((decision) => ("text" in decision ? toText(decision.text) : null)),
    column((decision) => (decision.kind === "again" ? decision.afterMs : 0)),
    column((decision) => (decision.kind === "again" && decision.usedUp ? 1 : 0)),
    column((decision) => (decision.kind === "again" && decision.pairLimit ? 1 : 0)),
    batch.map(() => uuidv7()),
  ];
}

/** PostgreSQL has no place for a null character in a text. */
function toText(text: string): string {
  return text.replaceAll("\0", "");
}

function toChange({ id, sender, recipient, type, status }: SettledRow): StatusChange {
  return { messageId: id, sender, recipient, type, status: statusOf(status), timeMs: Date.now() };
}
