import { insertDeadLetters } from "../../store/postgres/dead-letters.js";
import type { Statement } from "../../store/postgres/session.js";
import { lockMessages } from "../record/row-locks.js";
import { statusName } from "../record/status.js";
import { allows, endOf, givenUp, isOneOf, pending } from "../record/status-machine.js";

/** A message after its settlement. */
export interface SettledRow {
  id: string;
  sender: string;
  recipient: string;
  type: string;
  status: number;
  /** The status that its attempt led to. It differs from `status` if a webhook was faster. */
  outcome: number;
  code: number | null;
  /** Since the message's send time. */
  age_seconds: number;
}

const accepted = endOf("accept");

/**
 * SQL that inserts a dead letter for each given-up message in the table `source` (id, dead_id, sender, body, status,
 * attempts, code, text). `source` has the status that the message has just got: it is the last step of the letter's
 * history.
 */
export function buryFrom(source: string): string {
  const history = `(
      SELECT json_agg(json_build_object('status', ${statusName("h.status")}, 'time', h.at, 'attempt', h.attempt,
        'error_code', h.error_code, 'detail', h.detail) ORDER BY h.at, h.number)::text
      FROM (
        SELECT at, number, status, attempt, error_code, detail FROM message_events WHERE message_id = s.id
        UNION ALL SELECT now(), ${Number.MAX_SAFE_INTEGER}, s.status, s.attempts, s.code, s.text
      ) AS h
    )`;
  const letter = { id: "s.dead_id", source: "s.sender", ref: "s.id::text", reason: "s.text", errorCode: "s.code" };
  const rows = `${source} AS s WHERE ${isOneOf(givenUp, "s.status")}`;
  return insertDeadLetters("message", { ...letter, content: "s.body", history, failedAt: "now()" }, rows);
}

const isOtherRequest = "m.wamid IS DISTINCT FROM t.wamid";
/** Whether the outcome can still change the message's status. If not, a webhook was faster. */
const isNews = `(t.status = ${accepted} AND ${allows("accept", "m.status", { "other-request": isOtherRequest })}
    OR t.status = ${endOf("refuse")} AND ${allows("refuse", "m.status")}
    OR t.status = ${endOf("lose-answer")} AND ${allows("lose-answer", "m.status")}
    OR t.status = ${endOf("retry")} AND ${allows("retry", "m.status")})`;
const isPending = isOneOf(pending, "s.status");
/**
 * An acceptance counts without the claim too, unless the message has failed. In that case nobody knows whether the
 * failure was that of an earlier request.
 */
const isTrueWithoutClaim = `t.status = ${accepted} AND ${allows("accept", "m.status", { "other-request": "false" })}`;

/**
 * Writes the outcomes of attempts. Only the process that claimed a message writes the outcome of its attempt. It does
 * so once, as the statement removes the claim. An acceptance counts even without the claim. But no outcome replaces a
 * status that a webhook has reported for the same request. Messages are locked in order, as by the webhooks, so that no
 * two statements wait for each other.
 */
export const settle: Statement = {
  name: "settle-messages",
  text: `WITH settlement AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::text[], $5::integer[], $6::text[], $7::float8[],
      $8::integer[], $9::integer[], $10::uuid[])
      AS t (id, claim, status, wamid, code, text, after_ms, used_up, pair_limit, dead_id)
  ), ${lockMessages}, settled AS (
    UPDATE messages m SET claim = NULL, wamid = coalesce(t.wamid, m.wamid),
      status = CASE WHEN ${isNews} THEN t.status ELSE m.status END,
      status_at = CASE WHEN ${isNews} THEN now() ELSE m.status_at END,
      error_code = CASE WHEN ${isNews} THEN t.code ELSE m.error_code END,
      error = CASE WHEN ${isNews} THEN t.text ELSE m.error END
    FROM settlement t JOIN locked ON locked.id = t.id
    WHERE m.id = t.id AND m.id = ANY ($1) AND (m.claim = t.claim OR ${isTrueWithoutClaim})
    RETURNING m.id, m.sender, m.recipient, m.type, m.body, m.send_at, m.status, m.attempts, t.status AS outcome, t.code, t.text,
      t.after_ms, t.used_up, t.pair_limit, t.dead_id
  ), logged AS (
    INSERT INTO message_events (message_id, status, attempt, error_code, detail)
    SELECT id, outcome, attempts, code, text FROM settled WHERE outcome IN (status, ${accepted})
  ), gone AS (
    DELETE FROM outbox o USING settled s WHERE o.message_id = s.id AND NOT ${isPending}
  ), back AS (
    UPDATE outbox o SET moved_at = NULL, due_at = now() + s.after_ms * interval '1 ms', turn = o.turn + 1,
      tried = o.tried + s.used_up, pair_limits = o.pair_limits + s.pair_limit
    FROM settled s WHERE o.message_id = s.id AND ${isPending}
  ), dead AS (${buryFrom("(SELECT * FROM settled WHERE status = outcome)")})
  SELECT id, sender, recipient, type, status, outcome, code,
    extract(epoch FROM now() - send_at)::float8 AS age_seconds FROM settled`,
};
