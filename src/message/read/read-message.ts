import { PostaError } from "../../errors/posta-error.js";
import type { Queries, Statement } from "../../store/postgres/session.js";
import { type MessageRow, messageColumns, type StoredMessage, toStoredMessage } from "../record/stored-message.js";

/** One step of a message's history. */
interface HistoryStep {
  /** A number of MessageStatus. */
  status: number;
  /** In milliseconds since 1970. */
  atMs: number;
  attempt: number;
  code: number | null;
  detail: string | null;
}

export interface FullMessage {
  message: StoredMessage;
  body: string;
  history: HistoryStep[];
}

/** Whether the caller may use a sending number. To the caller, messages of other numbers do not exist. */
export type MayUse = (sender: string) => boolean;

const maxSteps = 1000;

/**
 * Reads a message and its history in one statement: both are of the same moment. WhatsApp reports times in whole
 * seconds. Its reports come after what Posta did in the same second, in the order of statuses. Other steps of one time
 * are in the order of their numbers.
 */
const read: Statement = {
  name: "read-message",
  text: `SELECT ${messageColumns}, body, (
      SELECT coalesce(json_agg(step ORDER BY moment, reported, number), '[]') FROM (
        SELECT status, extract(epoch FROM at) * 1000 AS "atMs", attempt, error_code AS code, detail, number,
          CASE WHEN wamid IS NULL THEN at ELSE at + interval '999 ms' END AS moment,
          CASE WHEN wamid IS NULL THEN 0 ELSE status END AS reported
        FROM message_events WHERE message_id = $1 ORDER BY moment DESC, reported DESC, number DESC LIMIT ${maxSteps}
      ) AS step
    ) AS history
    FROM messages WHERE id = $1`,
};

const readOwner: Statement = { name: "read-owner", text: "SELECT sender, status FROM messages WHERE id = $1" };

/** Reads one message. */
export class MessageReader {
  constructor(private readonly postgres: Queries) {}

  /** Throws not-found, also for a message of a number that the caller may not use. Throws unavailable. */
  async get(id: string, mayUse: MayUse): Promise<FullMessage> {
    const [row] = await this.postgres.query<MessageRow & { body: string; history: HistoryStep[] }>(read, [id]);
    if (!row || !mayUse(row.sender)) throw noSuchMessage(id);
    return { message: toStoredMessage(row), body: row.body, history: row.history };
  }

  /** The message's status, as a number of MessageStatus. Throws what {@link get} throws. */
  async status(id: string, mayUse: MayUse): Promise<number> {
    const [row] = await this.postgres.query<{ sender: string; status: number }>(readOwner, [id]);
    if (!row || !mayUse(row.sender)) throw noSuchMessage(id);
    return row.status;
  }
}

function noSuchMessage(id: string): PostaError {
  return new PostaError("not-found", `there is no message ${id}`);
}
