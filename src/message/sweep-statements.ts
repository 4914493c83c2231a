import type { Statement } from "../store/postgres-session.js";
import { buryFrom } from "./settle-statement.js";
import { statuses } from "./status.js";

const { queued, sending, unknown, expired } = statuses;

/**
 * Messages whose process is gone: what it knew of the attempt went with it. They are sent again where their policy says so
 * and they have an attempt left; else they are unknown.
 */
export const settleLost: Statement = {
  name: "settle-lost-messages",
  text: `WITH lost AS (
    SELECT m.id, ($3::uuid[])[row_number() OVER ()] AS dead_id, coalesce(m.resend AND o.tried + 1 < $2, false) AS again
    FROM messages m LEFT JOIN outbox o ON o.message_id = m.id
    WHERE m.status = ${sending} AND m.status_at < now() - $1 * interval '1 ms' LIMIT array_length($3, 1)
  ), settled AS (
    UPDATE messages m SET claim = NULL, status_at = now(), error_code = NULL, error = $4,
      status = CASE WHEN l.again THEN ${queued} ELSE ${unknown} END
    FROM lost l
    WHERE m.id = l.id AND m.status = ${sending} AND m.status_at < now() - $1 * interval '1 ms'
    RETURNING m.id, m.sender, m.recipient, m.type, m.body, m.status, m.attempts, m.error AS text, m.error_code AS code,
      l.dead_id
  ), logged AS (
    INSERT INTO message_events (message_id, status, attempt, detail) SELECT id, status, attempts, text FROM settled
  ), gone AS (
    DELETE FROM outbox o USING settled s WHERE o.message_id = s.id AND s.status <> ${queued}
  ), back AS (
    UPDATE outbox o SET moved_at = NULL, due_at = now(), turn = o.turn + 1, tried = o.tried + 1
    FROM settled s WHERE o.message_id = s.id AND s.status = ${queued}
  ), dead AS (${buryFrom("settled")})
  SELECT id, sender, recipient, type, status FROM settled`,
};

/** Messages that are past their time and were never claimed. */
export const expire: Statement = {
  name: "expire-messages",
  text: `WITH late AS (
    SELECT id FROM messages WHERE status = ${queued} AND expires_at IS NOT NULL AND expires_at <= now() LIMIT $1
  ), settled AS (
    UPDATE messages m SET status = ${expired}, status_at = now() FROM late
    WHERE m.id = late.id AND m.status = ${queued}
    RETURNING m.id, m.sender, m.recipient, m.type, m.status
  ), logged AS (
    INSERT INTO message_events (message_id, status) SELECT id, status FROM settled
  ), gone AS (
    DELETE FROM outbox o USING settled s WHERE o.message_id = s.id
  )
  SELECT * FROM settled`,
};

/** Rows of messages for which nothing is left to do: a webhook told of them before their process was lost. */
export const dropIdle: Statement = {
  name: "drop-idle-outbox",
  text: `DELETE FROM outbox o WHERE o.moved_at < now() - $1 * interval '1 ms' AND NOT EXISTS (
    SELECT FROM messages m WHERE m.id = o.message_id AND m.status IN (${queued}, ${sending}))`,
};

/** A key that was taken again meanwhile is young. */
export const forgetKeys: Statement = {
  name: "forget-message-keys",
  text: `WITH old AS (
    SELECT sender, key FROM message_keys WHERE created_at < now() - $1 * interval '1 ms' ORDER BY created_at LIMIT $2
  )
  DELETE FROM message_keys k USING old
  WHERE k.sender = old.sender AND k.key = old.key AND k.created_at < now() - $1 * interval '1 ms'
  RETURNING 1`,
};

/** Counted up to a limit: of a backlog its being long is enough to know. */
export const measure: Statement = {
  name: "measure-outbox",
  text: `SELECT
    (SELECT count(*) FROM (SELECT FROM outbox WHERE moved_at IS NULL LIMIT 100001) AS w) AS waiting,
    (SELECT count(*) FROM (SELECT FROM outbox WHERE moved_at IS NOT NULL LIMIT 100001) AS m) AS moved,
    coalesce((
      SELECT greatest(extract(epoch FROM now() - min(first.due_at)), 0)
      FROM unnest($1::text[]) AS s (sender) CROSS JOIN unnest($2::smallint[]) AS p (priority) CROSS JOIN LATERAL (
        SELECT due_at FROM outbox o
        WHERE o.sender = s.sender AND o.priority = p.priority AND moved_at IS NULL ORDER BY due_at LIMIT 1
      ) AS first
    ), 0)::float8 AS oldest`,
};
