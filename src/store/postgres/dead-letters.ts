import type { Queries, Statement } from "./session.js";

/*
 * What the owner of the table dead_letters (src/dead-letter) and the capabilities that give up work agree on. A capability gives up its
 * work and inserts the dead letter in one statement of its own, and puts the work back in the one statement of a redrive.
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
  /** JSON: what happened to it. */
  history: string;
  failedAt: string;
}

/** SQL that inserts a dead letter for each row of `from`, which is all that stands behind FROM. */
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

/** Those of the ids that no dead letter has. */
export async function findNewIds(queries: Queries, ids: string[]): Promise<Set<string>> {
  const rows = await queries.query<{ id: string }>(findNew, [ids]);
  return new Set(rows.map(({ id }) => id));
}

/** How a capability puts back what it gave up. */
export interface RedriveHandler {
  /** The NOTIFY channel on which the capability waits for work. */
  channel: string;
  /**
   * SQL that puts dead letters back. `letters` names a relation of those of this kind that are to go back, with the columns id, source,
   * ref, content and options.
   */
  putBack(letters: string): PutBack;
  /** Hears the facts of what was put back, after the commit. It must not throw, nor wait. */
  onPutBack?(facts: unknown[]): void;
  /** Why messages, or jobs, cannot be put back, by their refs. Absent: whatever was not put back before can be. */
  explain?(refs: string[]): Promise<Map<string, string>>;
}

export interface PutBack {
  /** Common table expressions. Their names begin with the kind. */
  steps: string;
  /** A query of the dead letters that were put back: their id, and as JSON what {@link RedriveHandler.onPutBack} needs to know. */
  done: string;
}
