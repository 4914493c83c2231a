import { PostaError } from "../errors.js";
import { GroupCommit } from "../group-commit.js";
import type { PostgresStore } from "../store/postgres.js";
import type { Statement } from "../store/postgres-session.js";
import { type AddResult, abandonedError, type Entry, isAbandoned } from "./lane.js";
import { toRow } from "./spool-row.js";

/** What a lane hands over at once is up to 1 MiB; so many of these are committed together. */
const maxBatches = 16;

/** Told of rows that were committed; the drain listens. */
export const spoolChannel = "posta_spool";

/**
 * The rows that there is room for, from the first. How many wait is told by their numbers, which are given in order: at
 * most too many, for numbers that were given in vain.
 */
const insert: Statement = {
  name: "spool-insert",
  text: `WITH added AS (
      INSERT INTO spool (queue, job_id, name, data, options)
      SELECT queue, job_id, name, data, options
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
        WITH ORDINALITY AS job (queue, job_id, name, data, options, place)
      WHERE place <= $6::bigint - coalesce(
        (SELECT max(seq) FROM spool) - (SELECT min(seq) FROM spool WHERE moved_at IS NULL) + 1, 0)
      ORDER BY place
      RETURNING seq)
    SELECT count(*) AS taken, max(seq) AS last, pg_notify('${spoolChannel}', '') FROM added`,
};

interface Jobs {
  queue: string;
  entries: Entry[];
}

/** How many jobs there was room for, from the first, and the number of a row that is not before theirs. */
interface Inserted {
  taken: number;
  last: number | null;
}

/** The same, of batches that were inserted together. */
interface Taken {
  spooled: ReadonlySet<Entry>;
  last: number | null;
}

/** What became of a batch, and the number of a row that is not before its own; null: it has none. */
export interface Spooled {
  results: AddResult[];
  last: number | null;
}

/**
 * Jobs in PostgreSQL that are to go into Redis. One statement at a time, so that what comes from one process is committed,
 * and seen by the drain, in the order of its numbers.
 */
export class Spool {
  /** How many jobs this process has put there. */
  spooled = 0;
  private readonly commits: GroupCommit<Jobs, Taken>;

  constructor(
    private readonly postgres: PostgresStore,
    private readonly maxJobs: number,
  ) {
    const options = { maxBatch: maxBatches, maxInFlight: 1 };
    this.commits = new GroupCommit((batches) => this.insert(batches), options);
  }

  /** Whether jobs can be put here, as far as is known. */
  get usable(): boolean {
    return this.maxJobs > 0 && this.postgres.usable;
  }

  /** For jobs that are to be here in any case: a writer of their own. */
  async write(queue: string, batch: Entry[]): Promise<AddResult[]> {
    return (await this.put(queue, batch)).results;
  }

  /** Commits a batch after all that were given before it, but for what nobody waits for. Throws if PostgreSQL failed. */
  async put(queue: string, batch: Entry[]): Promise<Spooled> {
    this.requireUsable();
    const now = Date.now();
    const entries = batch.filter((entry) => !isAbandoned(entry, now));
    const { spooled, last } = entries.length > 0 ? await this.commits.push({ queue, entries }) : nothing;
    const results = batch.map((entry): AddResult => {
      if (spooled.has(entry)) return { jobId: entry.id, outcome: "spooled" };
      return { jobId: entry.id, error: isAbandoned(entry, Date.now()) ? abandonedError() : fullError() };
    });
    return { results, last };
  }

  private requireUsable(): void {
    this.postgres.requireUsable();
    if (this.maxJobs === 0) throw fullError();
  }

  /** What was given up while the batches before it were written is left out. */
  private async insert(batches: readonly Jobs[]): Promise<Taken[]> {
    const now = Date.now();
    const jobs = batches.flatMap(({ queue, entries }) =>
      entries.filter((entry) => !isAbandoned(entry, now)).map((entry) => ({ entry, row: toRow(queue, entry) })),
    );
    if (jobs.length === 0) return batches.map(() => nothing);
    const columns = [0, 1, 2, 3, 4].map((column) => jobs.map(({ row }) => row[column]));
    const [answer] = await this.postgres.query<Inserted>(insert, [...columns, this.maxJobs]);
    const { taken, last } = answer ?? { taken: 0, last: null };
    this.spooled += taken;
    // Those that there was room for are the first.
    const spooled = new Set(jobs.slice(0, taken).map(({ entry }) => entry));
    return batches.map(() => ({ spooled, last }));
  }
}

const nothing: Taken = { spooled: new Set(), last: null };

function fullError(): PostaError {
  const message = "the spool has as many jobs as it may (POSTA_SPOOL_MAX_JOBS); nothing was done";
  return new PostaError("exhausted", message, { retryAfterMs: 5000 });
}
