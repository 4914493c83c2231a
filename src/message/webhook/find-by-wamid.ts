import type { Queries, Statement } from "../../store/postgres/session.js";

/** A request to the Cloud API as a status names it. */
export interface NamedRequest {
  wamid: string;
  /** The number that the message went to. */
  recipient: string;
}

/** How many messages to a number are searched, the latest first: no index begins with the wamid. */
const maxLookedAt = 1000;

/** The query for an event does not use EXISTS: for that, PostgreSQL may read the whole table. */
export const findByWamidStatement: Statement = {
  name: "find-by-wamid",
  text: `SELECT place::integer, id FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS given (recipient, wamid, place)
    CROSS JOIN LATERAL (
      SELECT id FROM (
        SELECT id, wamid FROM messages WHERE messages.recipient = given.recipient ORDER BY id DESC LIMIT ${maxLookedAt}
      ) AS latest
      WHERE latest.wamid = given.wamid OR (
        SELECT true FROM message_events AS event WHERE event.message_id = latest.id AND event.wamid = given.wamid LIMIT 1
      )
      LIMIT 1
    ) AS found`,
};

/**
 * Finds messages by the wamids of their requests, among the latest 1000 to each number. Answers the message's id for
 * each request. undefined: none of these messages has that wamid.
 */
export async function findByWamid(
  queries: Queries,
  requests: readonly NamedRequest[],
): Promise<(string | undefined)[]> {
  const rows = await queries.query<{ place: number; id: string }>(findByWamidStatement, [
    requests.map(({ recipient }) => recipient),
    requests.map(({ wamid }) => wamid),
  ]);
  const ids = new Map(rows.map(({ place, id }) => [place, id]));
  return requests.map((_, index) => ids.get(index + 1));
}
