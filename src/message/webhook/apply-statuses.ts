import { uuidv7 } from "uuidv7";
import { insertDeadLetters, type NewDeadLetter } from "../../store/postgres/dead-letters.js";
import type { Queries, Statement } from "../../store/postgres/session.js";
import { type Status, statuses, statusName, statusOf } from "../record/status.js";
import { allows, endOf, givenUp, isOneOf, taken } from "../record/status-machine.js";
import { type StatusUpdate, unknownWamid } from "./body/webhook-status.js";

/** The effect of a step that WhatsApp reported. */
export type Applied =
  /** moved: the step changed the status. late: the step is new in the history only, as a later step came before it. */
  | { outcome: "moved" | "late"; sender: string; recipient: string; type: string }
  /** The step was reported before. */
  | { outcome: "repeated" }
  /** There is no such message: it is too old, or another user of the number sent it. */
  | { outcome: "no-message" };

interface Row {
  message_id: string;
  wamid: string;
  /** The wamid of the step. If WhatsApp does not report one, {@link oneWamid} may take its place. */
  step_wamid: string;
  status: number;
  sender: string;
  recipient: string;
  type: string;
  is_new: boolean;
  is_move: boolean;
}

/** The wamid that a message may take over from a step. It is null if WhatsApp did not report one. */
const reportedWamid = reportedWamidOf("steps");

/**
 * The only wamid that a message has had, from the API's answer or from WhatsApp's reports. null: the message has had
 * none, or several. If there is only one, a step without a wamid belongs to that request. Steps without a wamid that
 * are already in the history count as another request's.
 */
const oneWamid = `(SELECT CASE WHEN min(known.wamid) = max(known.wamid) THEN min(known.wamid) END
      FROM (
        SELECT found.wamid
        UNION ALL SELECT event.wamid FROM message_events AS event WHERE event.message_id = found.id
        UNION ALL SELECT ${reportedWamidOf("other")} FROM reported AS other WHERE other.message_id = found.id
      ) AS known)`;

const [sent, failed] = [endOf("report-sent"), endOf("report-failed")];
const ofSameRequest = "coalesce(found.wamid, steps.wamid) = steps.wamid";
const ofRequestNotFailed = `NOT EXISTS (SELECT FROM message_events AS event WHERE event.message_id = steps.message_id
          AND event.wamid = steps.wamid AND event.status = ${failed})
        AND NOT EXISTS (SELECT FROM steps AS other WHERE other.message_id = steps.message_id
          AND other.wamid = steps.wamid AND other.status = ${failed})`;
/** Whether a new step changes the status of its message. */
const isMove = `CASE steps.status
      WHEN ${failed} THEN ${allows("report-failed", "found.status", { "same-request": ofSameRequest })}
      WHEN ${sent} THEN ${allows("report-sent", "found.status", { "request-not-failed": ofRequestNotFailed })}
      WHEN ${endOf("report-delivered")} THEN ${allows("report-delivered", "found.status")}
      WHEN ${endOf("report-read")} THEN ${allows("report-read", "found.status")} END`;
/** Of several steps that come together, the furthest counts. */
const furthestFirst = [endOf("report-read"), endOf("report-delivered"), sent, failed];
/** The dead letter of a message that WhatsApp could not deliver. */
const letter: NewDeadLetter = {
  id: "letter_id",
  source: "sender",
  ref: "moves.id::text",
  reason: "detail",
  errorCode: "moves.error_code",
  content: "body",
  history: `(SELECT json_agg(json_build_object('status', ${statusName("event.status")}, 'time', event.at,
          'attempt', attempt, 'error_code', event.error_code, 'detail', event.detail) ORDER BY event.at, number)
        FROM (
          SELECT status, at, number, attempt, error_code, detail FROM message_events WHERE message_id = moves.id
          UNION ALL SELECT status, at, number, attempt, error_code, detail FROM steps WHERE message_id = moves.id
        ) AS event)::text`,
  failedAt: "now()",
};
const failedMoves = `moves JOIN given ON given.message_id = moves.id AND given.wamid = reported_wamid AND given.status = moves.status
    WHERE ${isOneOf(givenUp, "moves.status")}`;

/**
 * Applies each step of a wamid once: message_events has a unique index, and only a step that is new there changes
 * anything. The statement locks the messages first, and in order, so that no two such statements wait for each other.
 * Any report shows that WhatsApp has the message: nothing is left to send, so the outbox row is deleted. A message may
 * have had several requests, each with its wamid. A failed request does not count if another one was accepted. A "sent"
 * does not count if its request is known to have failed, as after a redrive.
 */
export const applyStatement: Statement = {
  name: "apply-statuses",
  text: `WITH reported AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::timestamptz[], $5::integer[], $6::text[], $7::uuid[])
      AS reported (message_id, wamid, status, at, error_code, error, letter_id)
  ), found AS MATERIALIZED (
    SELECT id, sender, recipient, type, body, status, wamid FROM messages
    WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE
  ), matched AS MATERIALIZED (
    SELECT reported.*, CASE reported.wamid WHEN '${unknownWamid}' THEN coalesce(${oneWamid}, reported.wamid) ELSE reported.wamid END
      AS step_wamid
    FROM reported JOIN found ON found.id = message_id
  ), given AS MATERIALIZED (
    SELECT DISTINCT ON (message_id, step_wamid, status) message_id, step_wamid AS wamid, status, at, error_code, error, letter_id
    FROM matched ORDER BY message_id, step_wamid, status, at
  ), steps AS (
    INSERT INTO message_events (message_id, wamid, status, at, error_code, detail)
    SELECT message_id, wamid, status, at, error_code, error FROM given ORDER BY message_id, wamid, status
    ON CONFLICT DO NOTHING
    RETURNING message_id, number, wamid, status, at, attempt, error_code, detail
  ), moves AS MATERIALIZED (
    SELECT DISTINCT ON (found.id) found.id, sender, body, steps.status, at, error_code, detail, steps.wamid AS reported_wamid,
      CASE WHEN ${isOneOf(taken, "found.status")}
        THEN coalesce(found.wamid, ${reportedWamid}) ELSE coalesce(${reportedWamid}, found.wamid) END AS wamid
    FROM steps JOIN found ON found.id = message_id
    WHERE ${isMove}
    ORDER BY found.id, array_position(ARRAY[${furthestFirst}]::smallint[], steps.status), at
  ), moved AS (
    UPDATE messages SET status = moves.status, status_at = moves.at, wamid = moves.wamid,
      error_code = moves.error_code, error = moves.detail
    FROM moves WHERE messages.id = moves.id AND messages.id = ANY ($1)
  ), taken AS (
    DELETE FROM outbox USING moves WHERE outbox.message_id = moves.id
  ), letters AS (
    ${insertDeadLetters("message", letter, failedMoves)}
  )
  SELECT reported.message_id, reported.wamid, step_wamid, reported.status, sender, recipient, type, steps.message_id IS NOT NULL AS is_new,
    EXISTS (SELECT FROM moves WHERE moves.id = found.id AND moves.status = reported.status AND reported_wamid = step_wamid) AS is_move
  FROM matched AS reported JOIN found ON found.id = reported.message_id
    LEFT JOIN steps ON steps.message_id = reported.message_id AND steps.wamid = step_wamid AND steps.status = reported.status`,
};

/** Applies WhatsApp's reports on messages, and answers for each report. Repeated reports change nothing. */
export async function applyStatuses(queries: Queries, updates: readonly StatusUpdate[]): Promise<Applied[]> {
  const rows = await queries.query<Row>(applyStatement, [
    updates.map(({ messageId }) => messageId),
    updates.map(({ wamid }) => wamid),
    updates.map(({ status }) => statuses[status]),
    updates.map(({ at }) => at),
    updates.map(({ error }) => error?.code),
    updates.map(({ error }) => error?.text),
    updates.map(() => uuidv7()),
  ]);
  const found = new Map(rows.map((row) => [toKey(row.message_id, row.wamid, statusOf(row.status)), row]));
  const seen = new Set<string>();
  return updates.map(({ messageId, wamid, status }) => {
    const row = found.get(toKey(messageId, wamid, status));
    if (!row) return { outcome: "no-message" };
    const step = toKey(messageId, row.step_wamid, status);
    // The batch has the same report several times.
    if (!row.is_new || seen.has(step)) return { outcome: "repeated" };
    seen.add(step);
    const { sender, recipient, type } = row;
    return { outcome: row.is_move ? "moved" : "late", sender, recipient, type };
  });
}

function toKey(messageId: string, wamid: string, status: Status): string {
  return `${messageId} ${status} ${wamid}`;
}

/** The wamid of a row of updates. null: WhatsApp does not report it. */
function reportedWamidOf(table: string): string {
  return `nullif(${table}.wamid, '${unknownWamid}')`;
}
