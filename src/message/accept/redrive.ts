import { PostaError, toPostaError } from "../../errors/posta-error.js";
import type { Queries, Statement } from "../../store/postgres/session.js";
import { type DeadLetterKind, deadLetterKinds, toKind } from "../record/dead-letter.js";
import { parseId } from "../record/message-ids.js";
import { nameOfStatus, type RecordStatus } from "../record/status.js";
import { allows, endOf } from "../record/status-machine.js";

/** Whether the caller may use a source, which is of a kind. A dead letter of another source is to it as if it were not there. */
export type MayUseSource = (kind: DeadLetterKind, source: string) => boolean;

/** What became of a dead letter: "redriven", or why it is not. */
export type RedriveOutcome = "redriven" | PostaError;

interface Letter {
  id: string;
  kind: number;
  source: string;
  redriven: boolean;
  /** Of the message. Null for a job, and for a message that is not there any more. */
  status: number | null;
  expired: boolean | null;
}

interface Redriven {
  id: string;
  kind: number;
  message_id: string | null;
  sender: string;
  recipient: string;
  type: string;
}

/** What a dead letter was, as a message's id; a job's may be anything. */
const messageId = `CASE WHEN letter.kind = ${deadLetterKinds.message} THEN letter.ref::uuid END`;

const read: Statement = {
  name: "read-dead-letters",
  text: `SELECT letter.id, letter.kind, letter.source, letter.redriven_at IS NOT NULL AS redriven, messages.status,
      messages.expires_at <= now() AS expired
    FROM dead_letters AS letter LEFT JOIN messages ON messages.id = ${messageId}
    WHERE letter.id = ANY ($1::uuid[])`,
};

/**
 * Puts back what was not put back before. A message only from where it was given up: one that WhatsApp has told of since, or
 * that is on its way again, stays where it is, and so does one that has expired. It has all its attempts again. A job
 * waits in the spool; its name is among its options. Rows are locked in order, so that two redrives cannot wait for each other.
 */
const redrive: Statement = {
  name: "redrive",
  text: `WITH letter AS (
    SELECT id, kind, source, ref, content, options FROM dead_letters
    WHERE id = ANY ($1::uuid[]) AND redriven_at IS NULL ORDER BY id FOR UPDATE
  ), moved AS (
    UPDATE messages SET status = ${endOf("redrive")}, status_at = now(), wamid = NULL, claim = NULL
    FROM letter WHERE messages.id = ${messageId} AND ${allows("redrive", "messages.status")}
      AND (messages.expires_at IS NULL OR messages.expires_at > now())
    RETURNING messages.id, messages.sender, messages.recipient, messages.type, messages.priority
  ), queued AS (
    INSERT INTO outbox (message_id, sender, priority, due_at) SELECT id, sender, priority, now() FROM moved
    ON CONFLICT (message_id) DO UPDATE SET due_at = excluded.due_at, moved_at = NULL, turn = outbox.turn + 1, tried = 0,
      pair_limits = 0
  ), events AS (
    INSERT INTO message_events (message_id, status, detail) SELECT id, ${endOf("redrive")}, 'redriven' FROM moved
  ), spooled AS (
    INSERT INTO spool (queue, job_id, name, data, options, redrive)
    SELECT source, ref, options::json ->> 'name', content, options, true
    FROM letter WHERE kind = ${deadLetterKinds.job} ORDER BY id
  ), marked AS (
    UPDATE dead_letters SET redriven_at = now()
    FROM letter LEFT JOIN moved ON moved.id = ${messageId}
    WHERE dead_letters.id = letter.id AND (letter.kind = ${deadLetterKinds.job} OR moved.id IS NOT NULL)
    RETURNING letter.id, letter.kind, moved.id AS message_id, moved.sender, moved.recipient, moved.type
  ), told AS (
    SELECT pg_notify(CASE kind WHEN ${deadLetterKinds.job} THEN 'posta_spool' ELSE 'posta_outbox' END, '')
    FROM (SELECT DISTINCT kind FROM letter) AS kinds
  )
  SELECT marked.*, (SELECT count(*) FROM told) AS told FROM marked`,
};

/** Puts dead letters back: messages to be sent again, jobs into their queues. */
export class Redriver {
  constructor(
    private readonly postgres: Queries,
    private readonly record: RecordStatus,
  ) {}

  /** Answers what became of each, in order. Throws unavailable. */
  async redrive(ids: string[], mayUse: MayUseSource): Promise<RedriveOutcome[]> {
    const parsed = ids.map((id, index) => parseOrError(id, `dead_letter_ids[${index}]`));
    const wanted = parsed.filter((id) => typeof id === "string");
    const letters = await this.read(wanted, mayUse);
    const allowed = wanted.filter((id) => letters.has(id));
    const done = await this.putBack(allowed);
    const after = await this.read(allowed, mayUse);
    return parsed.map((id) => {
      if (typeof id !== "string") return id;
      const letter = after.get(id) ?? letters.get(id);
      if (!letter) return new PostaError("not-found", `there is no dead letter ${id}`);
      // The second time that an id is there, it was put back by the first.
      if (done.delete(id)) return "redriven";
      return reasonOf(letter);
    });
  }

  /** Those that the caller may know of, by their ids. */
  private async read(ids: string[], mayUse: MayUseSource): Promise<Map<string, Letter>> {
    if (ids.length === 0) return new Map();
    const rows = await this.postgres.query<Letter>(read, [ids]);
    return new Map(rows.filter(({ kind, source }) => mayUse(toKind(kind), source)).map((row) => [row.id, row]));
  }

  /** Answers the ids of those that were put back. */
  private async putBack(ids: string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows = await this.postgres.query<Redriven>(redrive, [ids]);
    const now = Date.now();
    const changes = rows.flatMap(({ message_id, sender, recipient, type }) =>
      message_id === null
        ? []
        : [{ messageId: message_id, status: "queued", sender, recipient, type, timeMs: now } as const],
    );
    this.record(changes);
    return new Set(rows.map(({ id }) => id));
  }
}

function parseOrError(id: string, field: string): string | PostaError {
  try {
    return parseId(id, field);
  } catch (error) {
    return toPostaError(error);
  }
}

/** Why a dead letter was not put back. */
function reasonOf({ kind, redriven, status, expired }: Letter): PostaError {
  if (kind === deadLetterKinds.job || redriven) return wrongState("it was put back before");
  if (status === null) return wrongState("its message is not kept any more");
  if (expired) return wrongState("its message has expired");
  return wrongState(`its message is ${nameOfStatus(status)}`);
}

function wrongState(message: string): PostaError {
  return new PostaError("wrong-state", message);
}
