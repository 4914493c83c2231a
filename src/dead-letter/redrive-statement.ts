import { type DeadLetterKind, deadLetterKinds, type RedriveHandler } from "../store/postgres/dead-letters.js";
import type { Statement } from "../store/postgres/session.js";

/** How dead letters of each kind are redriven. */
export type RedriveHandlers = Record<DeadLetterKind, RedriveHandler>;

/** A dead letter that was redriven. */
export interface RedrivenRow {
  id: string;
  kind: number;
  /** For {@link RedriveHandler.onRedriven}. */
  facts: unknown;
}

const kinds = Object.keys(deadLetterKinds) as DeadLetterKind[];

/**
 * Puts back dead letters of all kinds in one statement: either all that can go back do so, or none does. The payloads
 * stay in PostgreSQL. The statement locks its rows in order, so that two redrives never wait for each other.
 */
export function buildRedrive(handlers: RedriveHandlers): Statement {
  const parts = kinds.map((kind) => buildPart(kind, handlers[kind]));
  const channels = kinds.map((kind) => `(${deadLetterKinds[kind]}, '${handlers[kind].channel}')`);
  return {
    name: "redrive",
    text: `WITH letters AS MATERIALIZED (
    SELECT id, kind, source, ref, content, options FROM dead_letters
    WHERE id = ANY ($1::uuid[]) AND redriven_at IS NULL ORDER BY id FOR UPDATE
  ), ${parts.map(({ steps }) => steps).join(", ")}, done AS (
    ${parts.map(({ done }) => done).join(" UNION ALL ")}
  ), marked AS (
    UPDATE dead_letters SET redriven_at = now() FROM done WHERE dead_letters.id = done.id
    RETURNING done.id, done.kind, done.facts
  ), notified AS (
    SELECT pg_notify(channel, '') FROM (VALUES ${channels.join(", ")}) AS owners (kind, channel)
    WHERE kind IN (SELECT kind FROM letters)
  )
  SELECT marked.*, (SELECT count(*) FROM notified) AS notified FROM marked`,
  };
}

/** MATERIALIZED keeps the steps of one kind away from the refs of the other kind: only a message's ref is a UUID. */
function buildPart(kind: DeadLetterKind, handler: RedriveHandler) {
  const letters = `${kind}_letters`;
  const { steps, done } = handler.redriveSql(letters);
  const number = deadLetterKinds[kind];
  return {
    steps: `${letters} AS MATERIALIZED (SELECT * FROM letters WHERE kind = ${number}), ${steps}`,
    done: `SELECT id, ${number} AS kind, facts FROM (${done}) AS ${kind}_done (id, facts)`,
  };
}
