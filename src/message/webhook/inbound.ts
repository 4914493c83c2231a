import type { Queries, Statement } from "../../store/postgres/session.js";
import type { InboundMessage } from "./body/webhook-message.js";

/** Receives the messages that came in, after they are stored. It must not throw. */
export type PublishInbound = (messages: InboundMessage[]) => void;

/**
 * Keeps each wamid once. The time is part of the key: a repetition has the same key only if its time comes from
 * WhatsApp. A stand-in for the time differs each time that WhatsApp sends the webhook. In that case the statement looks
 * the wamid up.
 */
export const keepStatement: Statement = {
  name: "keep-inbound",
  text: `INSERT INTO inbound_messages (wamid, sender, contact, at, body)
    SELECT DISTINCT ON (given.wamid) given.wamid, sender, contact, given.at, body
    FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::boolean[])
      AS given (wamid, sender, contact, at, body, is_dated)
      LEFT JOIN LATERAL (
        SELECT true AS is_kept FROM inbound_messages AS kept
        WHERE NOT given.is_dated AND kept.wamid = given.wamid LIMIT 1
      ) AS earlier ON true
    WHERE is_kept IS NULL
    ORDER BY given.wamid, given.at ON CONFLICT DO NOTHING RETURNING wamid`,
};

/** Keeps each message once. Answers for each message whether it is new. */
export async function keepInbound(queries: Queries, messages: readonly InboundMessage[]): Promise<boolean[]> {
  const rows = await queries.query<{ wamid: string }>(keepStatement, [
    messages.map(({ wamid }) => wamid),
    messages.map(({ sender }) => sender),
    messages.map(({ contact }) => contact),
    messages.map(({ at }) => at),
    messages.map(({ body }) => body),
    messages.map(({ isDated }) => isDated),
  ]);
  const kept = new Set(rows.map(({ wamid }) => wamid));
  // delete() answers true only once: of several messages with one wamid, the first is the new one.
  return messages.map(({ wamid }) => kept.delete(wamid));
}
