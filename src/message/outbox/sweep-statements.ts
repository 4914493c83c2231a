import type { Statement } from "../../store/postgres/session.js";
import { buryFrom } from "../delivery/settle-statement.js";
import { allows, endOf, isOneOf, pending } from "../record/status-machine.js";

const isPending = isOneOf(pending, "s.status");
/** "abandon" and "recover" start from the same state: which of the two happens follows from the message's policy. */
const mayBeLost = allows("abandon", "status");

/*
 * The statements skip rows that others are changing: the next sweep finds them. They pass on the rows that they found
 * as an array. For a join the planner overestimates the rows of a LIMIT, and reads the whole table.
 */

/**
 * Messages whose process is gone: only that process knew what became of the attempt. A message is sent again if its
 * policy says so and it has an attempt left. Otherwise its status becomes unknown.
 */
export const settleLost: Statement = {
  name: "settle-lost-messages",
  text: `WITH locked AS MATERIALIZED (
    SELECT id, resend FROM messages WHERE ${mayBeLost} AND status_at < now() - $1 * interval '1 ms'
    ORDER BY id LIMIT array_length($3::uuid[], 1) FOR NO KEY UPDATE SKIP LOCKED
  ), lost AS MATERIALIZED (
    SELECT id, ($3::uuid[])[row_number() OVER ()] AS dead_id,
      coalesce(resend AND (SELECT tried FROM outbox WHERE message_id = locked.id) + 1 < $2, false) AS again
    FROM locked
  ), settled AS (
    UPDATE messages m SET claim = NULL, status_at = now(), error_code = NULL, error = $4,
      status = CASE WHEN l.again THEN ${endOf("recover")} ELSE ${endOf("abandon")} END
    FROM lost l
    WHERE m.id = l.id AND m.id = ANY (ARRAY(SELECT id FROM lost))
    RETURNING m.id, m.sender, m.recipient, m.type, m.body, m.status, m.attempts, m.error AS text, m.error_code AS code,
      l.dead_id
  ), logged AS (
    INSERT INTO message_events (message_id, status, attempt, detail) SELECT id, status, attempts, text FROM settled
  ), gone AS (
    DELETE FROM outbox o USING settled s WHERE o.message_id = s.id AND NOT ${isPending}
  ), back AS (
    UPDATE outbox o SET moved_at = NULL, due_at = now(), turn = o.turn + 1, tried = o.tried + 1
    FROM settled s WHERE o.message_id = s.id AND ${isPending}
  ), dead AS (${buryFrom("settled")})
  SELECT id, sender, recipient, type, status FROM settled`,
};

/** Messages that are past their time and were never claimed. */
export const expire: Statement = {
  name: "expire-messages",
  text: `WITH late AS MATERIALIZED (
    SELECT id FROM messages WHERE ${allows("expire", "status")} AND expires_at IS NOT NULL AND expires_at <= now()
    ORDER BY expires_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
  ), settled AS (
    UPDATE messages m SET status = ${endOf("expire")}, status_at = now() WHERE m.id = ANY (ARRAY(SELECT id FROM late))
    RETURNING m.id, m.sender, m.recipient, m.type, m.status
  ), logged AS (
    INSERT INTO message_events (message_id, status) SELECT id, status FROM settled
  ), gone AS (
    DELETE FROM outbox o USING settled s WHERE o.message_id = s.id
  )
  SELECT * FROM settled`,
};

/**
 * Rows of messages that nobody has to send any more: a webhook reported on them before their process was lost. Each run
 * looks at the rows that were moved longest ago.
 */
export const dropIdle: Statement = {
  name: "drop-idle-outbox",
  text: `WITH old AS MATERIALIZED (
    SELECT message_id FROM outbox WHERE moved_at < now() - $1 * interval '1 ms' ORDER BY moved_at LIMIT $2
  )
  DELETE FROM outbox o WHERE o.message_id = ANY (ARRAY(SELECT message_id FROM old)) AND coalesce(
    (SELECT NOT ${isOneOf(pending, "m.status")} FROM messages m WHERE m.id = o.message_id), true)`,
};

/** A key that was taken again meanwhile is young, and stays. */
export const forgetKeys: Statement = {
  name: "forget-message-keys",
  text: `WITH old AS MATERIALIZED (
    SELECT ctid FROM message_keys WHERE created_at < now() - $1 * interval '1 ms' ORDER BY created_at LIMIT $2
    FOR UPDATE SKIP LOCKED
  )
  DELETE FROM message_keys WHERE ctid = ANY (ARRAY(SELECT ctid FROM old)) AND created_at < now() - $1 * interval '1 ms'
  RETURNING 1`,
};

/**
 * Counts up to a limit: it is enough to know that a backlog is long. The numbers are those of the messages, as no host may
 * know them. Each is found by one step in the index.
 */
export const measure: Statement = {
  name: "measure-outbox",
  text: `WITH RECURSIVE numbers (sender) AS (
    SELECT min(sender) FROM outbox WHERE moved_at IS NULL
    UNION ALL
    SELECT (SELECT min(sender) FROM outbox WHERE moved_at IS NULL AND sender > n.sender) FROM numbers n WHERE n.sender IS NOT NULL
  )
  SELECT
    (SELECT count(*) FROM (SELECT FROM outbox WHERE moved_at IS NULL LIMIT 100001) AS w) AS waiting,
    (SELECT count(*) FROM (SELECT FROM outbox WHERE moved_at IS NOT NULL LIMIT 100001) AS m) AS moved,
    (SELECT count(*) FROM numbers n CROSS JOIN LATERAL (
      SELECT FROM outbox o WHERE o.sender = n.sender AND moved_at IS NULL LIMIT 1001
    ) AS one WHERE n.sender <> ALL ($1::text[])) AS stranded,
    coalesce((
      SELECT greatest(extract(epoch FROM now() - min(first.due_at)), 0)
      FROM numbers n CROSS JOIN unnest($2::smallint[]) AS p (priority) CROSS JOIN LATERAL (
        SELECT due_at FROM outbox o
        WHERE o.sender = n.sender AND o.priority = p.priority AND moved_at IS NULL ORDER BY due_at LIMIT 1
      ) AS first
    ), 0)::float8 AS "oldestSeconds"`,
};
