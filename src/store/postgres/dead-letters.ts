import type { Queries, Statement } from "./session.js";

/*
 * The agreement between the owner of the table dead_letters (src/dead-letter) and the capabilities that give up work. A
 * capability gives up its work and inserts the dead letter in one statement of its own. It redrives the work in the
 * one statement of a redrive.
 */

/** What was given up. The numbers are those of DeadLetterKind in the contract, and of dead_letters.kind. */
export const deadLetterKinds = { message: 1, job: 2 } as const;

export type DeadLetterKind = keyof typeof deadLetterKinds;

/** An SQL expression for each column of a new dead letter. */
export interface NewDeadLetter {
  id: string;
  /** The sending number of a message, the queue of a job. */
  source: string;
  /** The id of the message or of the job. */
  ref: string;
  reason: string;
  errorCode?: string;
  content: string;
  /** What a redrive needs beside the content. */
  options?: string;
  /** JSON: what happened to the message or the job. */
  history: string;
  failedAt: string;
}

/** SQL that inserts a dead letter for each row of `from`. `from` is the whole text after FROM. */
export function insertDeadLetters(kind: DeadLetterKind, letter: NewDeadLetter, from: string): string {
  const { id, source, ref, reason, errorCode = "NULL", content, options = "NULL", history, failedAt } = letter;
  return `INSERT INTO dead_letters (id, kind, source, ref, reason, error_code, content, options, history, failed_at)
    SELECT ${id}, ${deadLetterKinds[kind]}, ${source}, ${ref}, ${reason}, ${errorCode}, ${content}, ${options}, ${history},
      ${failedAt}
    FROM ${from}`;
}

const findNew: Statement = {
  name: "find-new-dead-letters",
  text: `SELECT id FROM unnest($1::uuid[]) AS given (id)
    WHERE NOT EXISTS (SELECT FROM dead_letters WHERE dead_letters.id = given.id)`,
};

/** The ids that no dead letter has. */
export async function findNewIds(queries: Queries, ids: string[]): Promise<Set<string>> {
  const rows = await queries.query<{ id: string }>(findNew, [ids]);
  return new Set(rows.map(({ id }) => id));
}

/** How a capability redrives work that it gave up. */
export interface RedriveHandler {
  /** The NOTIFY channel on which the capability waits for work. */
  channel: string;
  /**
   * SQL that redrives dead letters. `letters` names a relation of the dead letters of this kind to redrive,
   * with the columns id, source, ref, content and options.
   */
  redriveSql(letters: string): RedriveSql;
  /** Gets the facts of the work that was redriven, after the commit. It must not throw or wait. */
  onRedriven?(facts: unknown[]): void;
  /** Why messages or jobs cannot be redriven, by their refs. Absent: all can be, unless they were redriven before. */
  explain?(refs: string[]): Promise<Map<string, string>>;
}

export interface RedriveSql {
  /** Common table expressions. Their names begin with the kind. */
  steps: string;
  /** Queries the dead letters that were redriven: their id, and facts for {@link RedriveHandler.onRedriven} as JSON. */
  done: string;
}
