import { GroupCommit } from "../../batching/group-commit.js";
import type { Statement } from "../../store/postgres/session.js";
import type { PostgresStore } from "../../store/postgres/store.js";
import type { DeliveryJob } from "../record/delivery-job.js";
import { lockMessages } from "../record/row-locks.js";
import { type PublishStatus, type StatusChange, statusOf } from "../record/status.js";
import { allows, endOf } from "../record/status-machine.js";
import type { DeliveryMetrics } from "./delivery-metrics.js";

/** A message that this process, and no other, may send now. */
export interface Claimed {
  id: string;
  /** The id of this attempt. The process that has it may write the attempt's outcome. */
  claim: string;
  sender: string;
  recipient: string;
  type: string;
  /** The request to the Cloud API. */
  body: string;
  /** Whether to send the message again if nobody knows whether WhatsApp took it. */
  resend: boolean;
  /** Requests that have begun, including this one. */
  attempts: number;
  /** How many earlier requests have used up an attempt. */
  tried: number;
  /** How often WhatsApp has said that the recipient gets too many messages. */
  pairLimits: number;
  /** The id of the request that brought the message, if its caller gave one. */
  requestId: string | null;
}

interface Wanted {
  job: DeliveryJob;
  claim: string;
}

interface Row extends Claimed {
  status: number;
}

const isLate = "m.expires_at <= now()";
const [sending, expired] = [endOf("claim"), endOf("expire")];
const mayChange = `CASE WHEN ${isLate} THEN ${allows("expire", "m.status")} ELSE ${allows("claim", "m.status")} END`;

/**
 * Claims each queued message, if the job has the generation of the outbox row. A message that is past its expire_time
 * expires instead. Messages are locked in order, as in all statements that change several messages.
 */
const claim: Statement = {
  name: "claim-messages",
  text: `WITH wanted AS (
    SELECT * FROM unnest($1::uuid[], $2::integer[], $3::uuid[]) AS w (id, generation, claim)
  ), ${lockMessages}, claimed AS (
    UPDATE messages m SET status_at = now(),
      status = CASE WHEN ${isLate} THEN ${expired} ELSE ${sending} END,
      attempts = m.attempts + CASE WHEN ${isLate} THEN 0 ELSE 1 END,
      claim = CASE WHEN ${isLate} THEN NULL ELSE w.claim END
    FROM wanted w JOIN locked ON locked.id = w.id JOIN outbox o ON o.message_id = w.id AND o.turn = w.generation
    WHERE m.id = w.id AND m.id = ANY ($1) AND ${mayChange}
    RETURNING m.id, m.claim, m.status, m.sender, m.recipient, m.type, m.body, m.resend, m.attempts,
      m.request_id AS "requestId", o.tried, o.pair_limits AS "pairLimits"
  ), logged AS (
    INSERT INTO message_events (message_id, status, attempt)
    SELECT id, status, CASE status WHEN ${sending} THEN attempts ELSE 0 END FROM claimed
  ), gone AS (
    DELETE FROM outbox USING claimed WHERE message_id = id AND status = ${expired}
  )
  SELECT * FROM claimed`,
};

/** Claims messages, one statement for each batch. */
export class Claims {
  private readonly commit: GroupCommit<Wanted, Row | undefined>;

  constructor(
    private readonly postgres: PostgresStore,
    private readonly metrics: DeliveryMetrics,
    private readonly publish: PublishStatus,
  ) {
    this.commit = new GroupCommit(
      (batch) => this.write(batch),
      { maxBatch: 100, maxInFlight: 2 },
      metrics.batches.claim,
    );
  }

  /**
   * Resolves to undefined if there is nothing to send: the message was cancelled, has expired, or belongs to another
   * job. Throws a PostgresError. If that leaves the outcome unknown, `claim` may have claimed the message.
   */
  async take(job: DeliveryJob, claim: string): Promise<Claimed | undefined> {
    const row = await this.commit.push({ job, claim });
    return row?.status === sending ? row : undefined;
  }

  private async write(batch: readonly Wanted[]): Promise<(Row | undefined)[]> {
    const rows = await this.postgres.query<Row>(claim, [
      batch.map(({ job }) => job.id),
      batch.map(({ job }) => job.generation),
      batch.map((wanted) => wanted.claim),
    ]);
    for (const { status } of rows) if (status === expired) this.metrics.cameToBe("expired");
    this.publish(rows.map(toChange));
    const found = new Map(rows.map((row) => [row.id, row]));
    return batch.map(({ job, claim }) => {
      const row = found.get(job.id);
      return row?.claim === claim ? row : undefined;
    });
  }
}

function toChange({ id, sender, recipient, type, status }: Row): StatusChange {
  return { messageId: id, sender, recipient, type, status: statusOf(status), timeMs: Date.now() };
}
