import { PostaError, toPostaError, wrongState } from "../errors/posta-error.js";
import { type DeadLetterKind, deadLetterKinds } from "../store/postgres/dead-letters.js";
import type { Statement } from "../store/postgres/session.js";
import type { PostgresStore } from "../store/postgres/store.js";
import { parseId } from "../store/row-ids.js";
import { type MayUseSource, toKind } from "./dead-letter.js";
import { buildRedrive, type RedriveHandlers, type RedrivenRow } from "./redrive-statement.js";

/** What became of a dead letter: "redriven", or the reason why it was not redriven. */
export type RedriveOutcome = "redriven" | PostaError;

interface Letter {
  id: string;
  kind: number;
  source: string;
  ref: string;
  redriven: boolean;
}

const read: Statement = {
  name: "read-dead-letters",
  text: `SELECT id, kind, source, ref, redriven_at IS NOT NULL AS redriven FROM dead_letters
    WHERE id = ANY ($1::uuid[])`,
};

/** Puts dead letters back: messages are sent again, jobs go into their queues. */
export class DeadLetterRedriver {
  private readonly statement: Statement;

  constructor(
    private readonly postgres: PostgresStore,
    private readonly handlers: RedriveHandlers,
  ) {
    this.statement = buildRedrive(handlers);
  }

  /** Returns what became of each dead letter, in order. Throws unavailable. */
  async redrive(ids: string[], mayUse: MayUseSource): Promise<RedriveOutcome[]> {
    const parsed = ids.map((id, index) => parseOrError(id, `dead_letter_ids[${index}]`));
    const wanted = parsed.filter((id) => typeof id === "string");
    const letters = await this.read(wanted, mayUse);
    const allowed = wanted.filter((id) => letters.has(id));
    const done = await this.redriveAll(allowed);
    for (const [id, letter] of await this.read(allowed, mayUse)) letters.set(id, letter);
    const reasons = await this.explain([...letters.values()].filter(({ redriven }) => !redriven));
    return parsed.map((id) => {
      if (typeof id !== "string") return id;
      if (!letters.has(id)) return new PostaError("not-found", `there is no dead letter ${id}`);
      // If an id is given twice, only its first place counts as redriven.
      if (done.delete(id)) return "redriven";
      return wrongState(reasons.get(id) ?? "it was redriven before");
    });
  }

  /** The dead letters that the caller may know of, by their ids. */
  private async read(ids: string[], mayUse: MayUseSource): Promise<Map<string, Letter>> {
    if (ids.length === 0) return new Map();
    const rows = await this.postgres.query<Letter>(read, [ids]);
    return new Map(rows.filter(({ kind, source }) => mayUse(toKind(kind), source)).map((row) => [row.id, row]));
  }

  /** Returns the ids of the dead letters that were redriven. */
  private async redriveAll(ids: string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows = await this.postgres.queryLocking<RedrivenRow>(this.statement, [ids]);
    for (const [kind, ofKind] of groupByKind(rows)) {
      this.handlers[kind].onRedriven?.(ofKind.map(({ facts }) => facts));
    }
    return new Set(rows.map(({ id }) => id));
  }

  /** Why letters were not redriven, by their ids. */
  private async explain(letters: Letter[]): Promise<Map<string, string>> {
    const reasons = new Map<string, string>();
    for (const [kind, ofKind] of groupByKind(letters)) {
      const explained = await this.handlers[kind].explain?.(ofKind.map(({ ref }) => ref));
      for (const { id, ref } of ofKind) {
        const reason = explained?.get(ref);
        if (reason !== undefined) reasons.set(id, reason);
      }
    }
    return reasons;
  }
}

function groupByKind<Row extends { kind: number }>(rows: Row[]): [DeadLetterKind, Row[]][] {
  const kinds = Object.keys(deadLetterKinds) as DeadLetterKind[];
  const groups = kinds.map((kind): [DeadLetterKind, Row[]] => [kind, rows.filter((row) => toKind(row.kind) === kind)]);
  return groups.filter(([, ofKind]) => ofKind.length > 0);
}

function parseOrError(id: string, field: string): string | PostaError {
  try {
    return parseId(id, field);
  } catch (error) {
    return toPostaError(error);
  }
}
