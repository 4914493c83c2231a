/**
 * Statements that change several rows begin with one of these. They lock the rows in order, so that no two of them wait
 * for each other. The ids are the first parameter; the statement joins `locked`.
 */
export const lockMessages =
  "locked AS MATERIALIZED (SELECT id FROM messages WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE)";
export const lockOutbox = `locked AS MATERIALIZED (
    SELECT message_id FROM outbox WHERE message_id = ANY ($1::uuid[]) ORDER BY message_id FOR NO KEY UPDATE)`;
