import { isWithinPartitions } from "../store/partitions.js";
import type { Queries, Statement } from "../store/postgres-session.js";
import type { InboundMessage } from "./webhook-body.js";

/** Told of messages that came in, once they are kept. It must not throw. */
export type RecordInbound = (messages: InboundMessage[]) => void;

const keep: Statement = {
  name: "keep-inbound",
  text: `INSERT INTO inbound_messages (wamid, sender, contact, at, body)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[])
      AS given (wamid, sender, contact, at, body)
    ORDER BY wamid, at ON CONFLICT DO NOTHING RETURNING wamid`,
};

/** Keeps messages, each once; answers for each whether it is new. */
export async function keepInbound(queries: Queries, messages: readonly InboundMessage[]): Promise<boolean[]> {
  const rows = await queries.query<{ wamid: string }>(keep, [
    messages.map(({ wamid }) => wamid),
    messages.map(({ sender }) => sender),
    messages.map(({ contact }) => contact),
    messages.map(({ at }) => at),
    messages.map(({ body }) => body),
  ]);
  const kept = new Set(rows.map(({ wamid }) => wamid));
  // Deleting makes the first of several with the same wamid the new one.
  return messages.map(({ wamid }) => kept.delete(wamid));
}

/**
 * A message with a time that a partition is there for. A time far from now is wrong, and the time at which the webhook came
 * takes its place: that is the same however often the webhook is worked off.
 */
export function withKeptTime(message: InboundMessage, receivedAt: Date, now: Date): InboundMessage {
  return isWithinPartitions(message.at, now) ? message : { ...message, at: receivedAt };
}
