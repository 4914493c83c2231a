import type { Waiter } from "../../batching/waiter.js";
import { PostaError, show } from "../../errors/posta-error.js";
import type { Queries, Statement } from "../../store/postgres/session.js";
import { bodyOf, digestOf, type MessageSpec } from "../content/message.js";
import { endOf } from "../record/status-machine.js";

/** Who sends messages. */
export interface MessageCaller extends Waiter {
  /** The caller's id of the request, for the log lines about the message's outcome. */
  readonly requestId: string | undefined;
}

/** A message on its way to PostgreSQL. */
export interface PendingMessage {
  readonly id: string;
  readonly spec: MessageSpec;
  readonly caller: MessageCaller;
}

/** What became of a message. For a duplicate, `id` is the id of the message that is already stored. */
export type Stored = { id: string; outcome: "stored" | "duplicate" } | PostaError;

interface Row {
  /** The ids of messages whose deadline had passed when the batch arrived. */
  late: string[] | null;
  /** null in the only row of a batch without keys. The fields below are null there too. */
  sender: string | null;
  key: string;
  message_id: string;
  digest: Buffer;
}

/** A key that was taken longer ago than the key window counts as free, even if the sweep has not deleted it yet. */
const isFree = "kept.created_at < now() - $13 * interval '1 ms'";

/**
 * Stores messages with their keys, outbox rows and first events: all of a batch or nothing. `now()` is when the
 * statement arrived. So a PostgreSQL that hung does not store messages that nobody waits for any more. If a key is
 * taken, the statement overwrites the key's row with itself. Otherwise it would not see a key that another transaction
 * committed meanwhile. Keys go in order, so that two batches cannot wait for each other. Listeners are notified once a
 * batch, and only if a message is due. PostgreSQL does not run a part that nothing selects, so the answer includes
 * `notified`.
 */
const store: Statement = {
  name: "store-messages",
  text: `WITH input AS (
    SELECT *, deadline <= extract(epoch FROM now()) * 1000 AS late
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::boolean[], $8::text[],
        $9::bytea[], $10::timestamptz[], $11::timestamptz[], $12::float8[], $14::text[])
      AS item (id, sender, recipient, type, body, priority, resend, key, digest, send_at, expires_at, deadline, request_id)
  ), keys AS (
    INSERT INTO message_keys AS kept (sender, key, message_id, digest)
    SELECT sender, key, id, digest FROM input WHERE key IS NOT NULL AND NOT late ORDER BY sender, key
    ON CONFLICT (sender, key) DO UPDATE SET
      message_id = CASE WHEN ${isFree} THEN excluded.message_id ELSE kept.message_id END,
      digest = CASE WHEN ${isFree} THEN excluded.digest ELSE kept.digest END,
      created_at = CASE WHEN ${isFree} THEN now() ELSE kept.created_at END
    RETURNING sender, key, message_id, digest
  ), fresh AS (
    SELECT * FROM input WHERE NOT late AND (key IS NULL OR id IN (SELECT message_id FROM keys))
  ), stored AS (
    INSERT INTO messages (id, sender, recipient, type, body, priority, resend, idempotency_key, send_at, expires_at,
      status, status_at, request_id)
    SELECT id, sender, recipient, type, body, priority, resend, key, coalesce(send_at, now()), expires_at,
      ${endOf("store")}, now(), request_id FROM fresh
  ), queued AS (
    INSERT INTO outbox (message_id, sender, priority, due_at)
    SELECT id, sender, priority, coalesce(send_at, now()) FROM fresh
  ), events AS (
    INSERT INTO message_events (message_id, status) SELECT id, ${endOf("store")} FROM fresh
  ), notified AS (
    SELECT pg_notify('posta_outbox', '') WHERE EXISTS (SELECT FROM fresh WHERE send_at IS NULL)
  )
  SELECT batch.*, keys.* FROM (
    SELECT (SELECT array_agg(id::text) FROM input WHERE late) AS late, (SELECT count(*) FROM notified) AS notified
  ) AS batch LEFT JOIN keys ON true`,
};

/** Writes messages into PostgreSQL, one statement for each batch. */
export class MessageStore {
  constructor(
    private readonly postgres: Queries,
    private readonly keyWindowMs: number,
  ) {}

  /** Answers what became of each message. Throws if PostgreSQL failed. */
  async write(messages: readonly PendingMessage[]): Promise<Stored[]> {
    const rows = await this.postgres.query<Row>(store, this.valuesOf(messages));
    const late = new Set(rows[0]?.late);
    const holders = new Map(rows.map((row) => [`${row.sender} ${row.key}`, row]));
    return messages.map((message) => (late.has(message.id) ? abandonedError() : toStored(message, holders)));
  }

  private valuesOf(given: readonly PendingMessage[]): unknown[] {
    const messages = withoutRepetitions(given);
    const column = <Value>(read: (message: PendingMessage) => Value) => messages.map(read);
    return [
      column(({ id }) => id),
      column(({ spec }) => spec.sender),
      column(({ spec }) => spec.recipient),
      column(({ spec }) => spec.type),
      column(({ spec, id }) => bodyOf(spec, id)),
      column(({ spec }) => spec.priority),
      column(({ spec }) => spec.resend),
      column(({ spec }) => spec.key ?? null),
      column(({ spec }) => (spec.key === undefined ? null : digestOf(spec))),
      column(({ spec }) => toTime(spec.sendAtMs)),
      column(({ spec }) => toTime(spec.expiresAtMs)),
      column(({ caller }) => caller.deadline),
      this.keyWindowMs,
      column(({ caller }) => caller.requestId ?? null),
    ];
  }
}

/**
 * Keeps one message for each key: a statement cannot write a row twice. Keeps the message with the latest deadline, the
 * first of several. If that message comes too late, so do all others.
 */
function withoutRepetitions(messages: readonly PendingMessage[]): PendingMessage[] {
  const keyed = new Map<string, PendingMessage>();
  for (const message of messages) {
    if (message.spec.key === undefined) continue;
    const other = keyed.get(keyOf(message.spec));
    if (!other || other.caller.deadline < message.caller.deadline) keyed.set(keyOf(message.spec), message);
  }
  return messages.filter(({ spec }, index) => spec.key === undefined || keyed.get(keyOf(spec)) === messages[index]);
}

function toStored({ id, spec }: PendingMessage, holders: Map<string, Row>): Stored {
  if (spec.key === undefined) return { id, outcome: "stored" };
  const holder = holders.get(keyOf(spec));
  if (!holder) return abandonedError();
  if (holder.message_id === id) return { id, outcome: "stored" };
  if (holder.digest.equals(digestOf(spec))) return { id: holder.message_id, outcome: "duplicate" };
  const problem = `${show(spec.key)} is taken by another message, ${holder.message_id}`;
  return new PostaError("exists", `idempotency_key: ${problem}`, { field: "idempotency_key" });
}

function keyOf({ sender, key }: MessageSpec): string {
  return `${sender} ${key}`;
}

function toTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

/** The result of a message that its caller no longer waited for. */
export function abandonedError(): PostaError {
  return new PostaError("expired", "the deadline passed before the message was stored; it was not");
}
