import { readPage } from "../../store/filtered-page.js";
import { fromToken, pageSize, toToken } from "../../store/page-token.js";
import type { Queries, Statement } from "../../store/postgres/session.js";
import { endOfIds, firstIdAt, isId } from "../../store/row-ids.js";
import { type MessageRow, messageColumns, type StoredMessage, toStoredMessage } from "../record/stored-message.js";

/** Which messages to list. Times are in milliseconds since 1970; undefined: no bound. */
export interface ListQuery {
  by: { recipient: string } | { status: number };
  /** At or after this. */
  startMs: number | undefined;
  /** Before this. */
  endMs: number | undefined;
  pageSize: number;
  pageToken: string;
  /** Whether the caller may see the messages of a number. */
  mayUse(sender: string): boolean;
}

export interface MessagePage {
  messages: StoredMessage[];
  nextPageToken: string;
}

/**
 * The statements that read lists. They read in the order of an index, so a list ends after its page, however many
 * messages there are. They compare and sort by the column and the id together, never by the id alone. Otherwise
 * PostgreSQL would search for a rare status or number through all messages in the order of ids. The price is a look
 * into the index of each month.
 */
export const listStatements = {
  recipient: { name: "list-messages-by-recipient", text: list("recipient") },
  status: { name: "list-messages-by-status", text: list("status") },
} satisfies Record<string, Statement>;

function list(column: string): string {
  return `SELECT ${messageColumns} FROM messages
    WHERE (${column}, id) >= ($1, $2) AND (${column}, id) < ($1, $3)
    ORDER BY ${column} DESC, id DESC LIMIT $4`;
}

const defaultSize = 50;
const maxSize = 1000;
/** The most bytes that a listed message takes, without its error. */
const messageBytes = 1024;

/** Lists messages, newest first, a page at a time. */
export class MessageLister {
  constructor(private readonly postgres: Queries) {}

  /** Throws invalid for an impossible size or token. Throws unavailable. */
  async list(query: ListQuery): Promise<MessagePage> {
    const size = pageSize(query.pageSize, defaultSize, maxSize);
    const [after] = fromToken(query.pageToken, "messages", (place) => place.length === 1 && isId(place[0])) ?? [];
    const source = {
      read: (before: string | undefined, limit: number) => this.read(query, before, limit),
      mayShow: ({ sender }: StoredMessage) => query.mayUse(sender),
      bytesOf: ({ error = "" }: StoredMessage) => messageBytes + error.length * 3,
    };
    const { items, next } = await readPage(source, size, after as string | undefined);
    return { messages: items, nextPageToken: next === undefined ? "" : toToken(["messages", next]) };
  }

  private async read({ by, startMs, endMs }: ListQuery, before: string | undefined, limit: number) {
    const [statement, value] =
      "recipient" in by ? [listStatements.recipient, by.recipient] : [listStatements.status, by.status];
    const end = endMs === undefined ? endOfIds : firstIdAt(endMs);
    const until = before !== undefined && before < end ? before : end;
    const rows = await this.postgres.query<MessageRow>(statement, [value, firstIdAt(startMs ?? 0), until, limit + 1]);
    return { items: rows.slice(0, limit).map(toStoredMessage), goesOn: rows.length > limit };
  }
}
