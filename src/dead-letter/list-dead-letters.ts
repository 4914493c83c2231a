import { cutText } from "../errors/check-text.js";
import { invalid } from "../errors/posta-error.js";
import { readPage } from "../store/filtered-page.js";
import { fromToken, maxPageBytes, pageSize, toToken } from "../store/page-token.js";
import { type DeadLetterKind, deadLetterKinds } from "../store/postgres/dead-letters.js";
import type { Queries, Statement } from "../store/postgres/session.js";
import { endOfIds, firstIdAt, isId } from "../store/row-ids.js";
import { type DeadLetter, type MayUseSource, toKind } from "./dead-letter.js";

/** Which dead letters to list. */
export interface DeadLetterQuery {
  /** undefined: both kinds. */
  kind: DeadLetterKind | undefined;
  /** "": all sources. */
  source: string;
  pageSize: number;
  pageToken: string;
  mayUse: MayUseSource;
}

export interface DeadLetterPage {
  letters: DeadLetter[];
  nextPageToken: string;
}

interface Row {
  id: string;
  kind: number;
  source: string;
  ref: string;
  reason: string;
  error_code: number | null;
  content: string;
  history: string;
  failed_at: Date;
  redriven_at: Date | null;
  /** How many rows matched, including rows that did not fit. */
  found: number;
}

/**
 * Payloads are large, so PostgreSQL sends only the rows that fit a page, and at least one row. PostgreSQL measures a
 * payload without unpacking it.
 */
function list(name: string, condition: string, order: string): Statement {
  return {
    name: `list-dead-letters-${name}`,
    text: `SELECT id, kind, source, ref, reason, error_code, content, history, failed_at, redriven_at, found FROM (
        SELECT *, count(*) OVER () AS found, row_number() OVER in_order AS place,
          sum(octet_length(content) + octet_length(history) + octet_length(reason)) OVER in_order AS bytes
        FROM (
          SELECT * FROM dead_letters WHERE ${condition} ORDER BY ${order} LIMIT $2
        ) AS page WINDOW in_order AS (ORDER BY id DESC)
      ) AS measured WHERE place = 1 OR bytes <= ${maxPageBytes} ORDER BY id DESC`,
  };
}

/**
 * Each list is read in the order of an index. Its conditions name all columns of that index together, as in
 * ListMessages.
 */
export const deadLetterStatements = {
  all: list("all", "id < $1", "id DESC"),
  kind: list("of-kind", `(kind, id) < ($3, $1) AND (kind, id) >= ($3, '${firstIdAt(0)}')`, "kind DESC, id DESC"),
  source: list(
    "of-source",
    `(kind, source, id) < ($3, $4, $1) AND (kind, source, id) >= ($3, $4, '${firstIdAt(0)}')`,
    "kind DESC, source DESC, id DESC",
  ),
};

const defaultSize = 50;
const maxSize = 1000;
/** The size of a dead letter without its texts, in bytes. */
const letterBytes = 512;

/** The most bytes of a reason in an answer: a worker may fail with a text of any length. */
const maxReasonBytes = 64 << 10;

/** Lists dead letters, newest first, a page at a time. */
export class DeadLetterLister {
  constructor(
    private readonly postgres: Queries,
    /** The most bytes of one dead letter in an answer. The texts of a larger one are cut. */
    private readonly maxBytes: number,
  ) {}

  /**
   * Throws invalid for a source without a kind, and for an impossible page size or token. Throws unavailable while
   * PostgreSQL is out of reach.
   */
  async list(query: DeadLetterQuery): Promise<DeadLetterPage> {
    if (query.source !== "" && query.kind === undefined) throw invalid("kind", "is required with a source");
    if (query.source.includes("\0")) throw invalid("source", "has a null character");
    const size = pageSize(query.pageSize, defaultSize, maxSize);
    const [after] = fromToken(query.pageToken, "dead-letters", (place) => place.length === 1 && isId(place[0])) ?? [];
    const source = {
      read: (before: string | undefined, limit: number) => this.read(query, before ?? endOfIds, limit),
      mayShow: (letter: DeadLetter) => query.mayUse(letter.kind, letter.source),
      bytesOf: ({ content, history, reason }: DeadLetter) =>
        letterBytes + Buffer.byteLength(content) + Buffer.byteLength(history) + Buffer.byteLength(reason),
    };
    const { items, next } = await readPage(source, size, after as string | undefined);
    return { letters: items, nextPageToken: next === undefined ? "" : toToken(["dead-letters", next]) };
  }

  private async read({ kind, source }: DeadLetterQuery, before: string, limit: number) {
    const values: unknown[] = [before, limit + 1];
    let statement = deadLetterStatements.all;
    if (kind !== undefined) {
      values.push(deadLetterKinds[kind]);
      statement = deadLetterStatements.kind;
      if (source !== "") {
        values.push(source);
        statement = deadLetterStatements.source;
      }
    }
    const rows = await this.postgres.query<Row>(statement, values);
    const found = rows[0]?.found ?? 0;
    return {
      items: rows.slice(0, limit).map((row) => toDeadLetter(row, this.maxBytes)),
      goesOn: found > Math.min(rows.length, limit),
    };
  }
}

function toDeadLetter(row: Row, maxBytes: number): DeadLetter {
  const { id, source, ref, content, history } = row;
  const reason = cutText(row.reason, maxReasonBytes);
  const room = maxBytes - maxReasonBytes;
  const fitsContent = Buffer.byteLength(content) <= room;
  const fitsHistory = Buffer.byteLength(history) <= room - (fitsContent ? Buffer.byteLength(content) : 0);
  return {
    id,
    source,
    ref,
    reason,
    content: fitsContent ? content : "",
    history: fitsHistory ? history : "",
    cut: { reason: reason !== row.reason, content: !fitsContent, history: !fitsHistory },
    kind: toKind(row.kind),
    errorCode: row.error_code ?? undefined,
    failedAtMs: row.failed_at.getTime(),
    redrivenAtMs: row.redriven_at?.getTime(),
  };
}
