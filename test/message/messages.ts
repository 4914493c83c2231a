import { uuidv7 } from "uuidv7";
import { readConfig } from "../../src/config/config.js";
import { type Status, statuses, statusOf } from "../../src/message/record/status.js";
import { keepPartitions } from "../../src/process/retention.js";
import { openDatabase, type PostgresStore } from "../../src/store/postgres/store.js";
import { createLog } from "../../src/telemetry/log/log.js";

const log = createLog("test", "silent");

/** Opens a migrated database, with the partitions of now. */
export async function openMessages(url: string): Promise<PostgresStore> {
  const store = openDatabase(readConfig({ POSTA_DATABASE_URL: url, POSTA_DATABASE_POOL: "5" }), log, {
    locksRows: true,
  });
  await keepPartitions(store, new Date()).catch(async (error) => {
    await store.close();
    throw error;
  });
  return store;
}

/** Puts messages there, with an outbox row each, as if their delivery had come so far. Answers their ids. */
export async function putMessages(store: PostgresStore, count: number, status: Status, wamid?: string) {
  const ids = Array.from({ length: count }, () => uuidv7());
  const text = `WITH put AS (
      INSERT INTO messages (id, sender, recipient, type, body, priority, resend, send_at, status, status_at, wamid)
      SELECT id, '106540352242922', '4915112345678', 'text', '{}', 5, false, now(), $2, now(), $3
      FROM unnest($1::uuid[]) AS id
    ), queued AS (
      INSERT INTO message_events (message_id, status) SELECT id, ${statuses.queued} FROM unnest($1::uuid[]) AS id
    )
    INSERT INTO outbox (message_id, sender, priority, due_at, moved_at)
    SELECT id, '106540352242922', 5, now(), now() FROM unnest($1::uuid[]) AS id`;
  await store.query({ name: "put-messages", text }, [ids, statuses[status], wamid ?? null]);
  return ids;
}

interface MessageRow {
  status: number;
  wamid: string | null;
  error_code: number | null;
  error: string | null;
  status_at: Date;
  outbox: number;
}

/** A message as the database has it, with its history beyond "queued". */
export async function readMessage(store: PostgresStore, id: string) {
  const [row] = await store.query<MessageRow>(
    {
      name: "read-message",
      text: `SELECT status, wamid, error_code, error, status_at,
        (SELECT count(*)::integer FROM outbox WHERE message_id = id) AS outbox FROM messages WHERE id = $1`,
    },
    [id],
  );
  const events = await store.query<{ status: number; at: Date; wamid: string | null }>(
    {
      name: "read-events",
      text: "SELECT status, at, wamid FROM message_events WHERE message_id = $1 AND status > 10 ORDER BY status, wamid",
    },
    [id],
  );
  const { status, ...rest } = row as MessageRow;
  return { ...rest, status: statusOf(status), steps: events.map((event) => statusOf(event.status)), events };
}

export interface LetterRow {
  kind: number;
  source: string;
  reason: string;
  error_code: number | null;
  content: string;
  history: string;
}

/** The dead letters of a message. */
export function readLetters(store: PostgresStore, id: string): Promise<LetterRow[]> {
  const text = "SELECT kind, source, reason, error_code, content, history FROM dead_letters WHERE ref = $1";
  return store.query<LetterRow>({ name: "read-letters", text }, [id]);
}
