import { BatchMetrics } from "../../batching/batch-metrics.js";
import { GroupCommit } from "../../batching/group-commit.js";
import { isAbandoned } from "../../batching/waiter.js";
import { PostaError } from "../../errors/posta-error.js";
import type { Statement } from "../../store/postgres/session.js";
import type { PostgresStore } from "../../store/postgres/store.js";
import { type AddResult, abandonedError, type PendingJob, type QueueWriter } from "../job/pending-job.js";
import { toRow } from "./spool-row.js";

/** What a batcher hands over at once is up to 1 MiB; so many of these are committed together. */
const maxBatches = 16;

/** How long who came to a full spool in vain is to wait, and how often it is looked at again. */
const fullForMs = 5000;

/** Told of rows that were committed; the drain listens. */
export const spoolChannel = "posta_spool";

/**
 * The rows that there is room for, from the first, but for those that nobody waits for any more: `now()` is when the statement
 * arrived, so that a PostgreSQL that hung takes none of these. How many wait is told by their numbers, which are given in
 * order: at most too many, for numbers that were given in vain or moved from behind one that cannot be. Only if they do not
 * tell of room for all, rows are counted.
 */
const insert: Statement = {
  name: "spool-insert",
  text: `WITH job AS (
      SELECT *, deadline <= extract(epoch FROM now()) * 1000 AS late
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::float8[])
        WITH ORDINALITY AS item (queue, job_id, name, data, options, deadline, place)),
    numbers AS (
      SELECT $7::bigint - coalesce(
        (SELECT max(seq) FROM spool) - (SELECT min(seq) FROM spool WHERE moved_at IS NULL) + 1, 0) AS room),
    space AS (
      SELECT CASE WHEN room >= cardinality($2::text[]) THEN room
        ELSE $7::bigint - (SELECT count(*) FROM spool WHERE moved_at IS NULL) END AS room
      FROM numbers),
    added AS (
      INSERT INTO spool (queue, job_id, name, data, options)
      SELECT queue, job_id, name, data, options FROM job
      WHERE NOT late AND place <= (SELECT room FROM space)
      ORDER BY place
      RETURNING seq)
    SELECT (SELECT array_agg(place::int - 1) FROM job WHERE late) AS late, (SELECT room FROM space) AS room,
      max(seq) AS last, pg_notify('${spoolChannel}', '') FROM added`,
};

/** What the statement above finds out where numbers do not tell. */
const readRoom: Statement = {
  name: "spool-room",
  text: "SELECT $1 - count(*)::integer AS room FROM spool WHERE moved_at IS NULL",
};

interface QueueBatch {
  queue: string;
  jobs: PendingJob[];
}

interface Inserted {
  /** The places of those that came too late. */
  late: number[] | null;
  /** How many there was room for, from the first. */
  room: number;
  /** The number of a row that is not before theirs. */
  last: number | null;
}

/** The same, of batches that were inserted together. */
interface Taken {
  spooled: ReadonlySet<PendingJob>;
  /** There was no room for these. */
  refused: ReadonlySet<PendingJob>;
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
export class Spool implements QueueWriter {
  /** How many jobs this process has put there. */
  spooled = 0;
  /** What its own batches are like: each commits several batches of queues. */
  readonly batches = new BatchMetrics();
  /** As it last was. */
  private isFull = false;
  /** When a full one is to be looked at again, by performance.now(). */
  private lookAt = 0;
  private readonly commits: GroupCommit<QueueBatch, Taken>;

  constructor(
    private readonly postgres: PostgresStore,
    private readonly maxJobs: number,
    private readonly lookEveryMs = fullForMs,
  ) {
    const options = { maxBatch: maxBatches, maxInFlight: 1 };
    this.commits = new GroupCommit((batches) => this.insert(batches), options, this.batches);
  }

  /** Whether jobs can be put here, as far as is known. Nobody may try while it is full: being asked, it looks again. */
  get usable(): boolean {
    if (this.isFull && performance.now() >= this.lookAt) void this.look();
    return this.maxJobs > 0 && this.postgres.usable && !this.postgres.refusal && !this.isFull;
  }

  /** For jobs that are to be here in any case: a writer of their own. */
  async write(queue: string, batch: PendingJob[]): Promise<AddResult[]> {
    return (await this.put(queue, batch)).results;
  }

  /** Commits a batch after all that were given before it, but for what nobody waits for. Throws if PostgreSQL failed. */
  async put(queue: string, batch: PendingJob[]): Promise<Spooled> {
    this.requireUsable();
    const now = Date.now();
    const jobs = batch.filter(({ caller }) => !isAbandoned(caller, now));
    const { spooled, refused, last } = jobs.length > 0 ? await this.commits.push({ queue, jobs }) : nothing;
    const results = batch.map((job): AddResult => {
      if (spooled.has(job)) return { jobId: job.id, outcome: "spooled" };
      return { jobId: job.id, error: refused.has(job) ? fullError() : abandonedError() };
    });
    return { results, last };
  }

  private requireUsable(): void {
    this.postgres.requireUsable();
    if (this.maxJobs === 0) throw fullError();
  }

  /** What was given up while the batches before it were written is left out. */
  private async insert(batches: readonly QueueBatch[]): Promise<Taken[]> {
    const now = Date.now();
    const items = batches.flatMap(({ queue, jobs }) =>
      jobs.filter(({ caller }) => !isAbandoned(caller, now)).map((job) => ({ job, row: toRow(queue, job) })),
    );
    if (items.length === 0) return batches.map(() => nothing);
    const columns = [0, 1, 2, 3, 4].map((column) => items.map(({ row }) => row[column]));
    const deadlines = items.map(({ job }) => job.caller.deadline);
    const [answer] = await this.postgres.query<Inserted>(insert, [...columns, deadlines, this.maxJobs]);
    const { late, room, last } = answer as Inserted;
    const lateOnes = new Set(late);
    const inTime = items.map(({ job }, place) => ({ job, place })).filter(({ place }) => !lateOnes.has(place));
    const spooled = new Set(inTime.filter(({ place }) => place < room).map(({ job }) => job));
    const refused = new Set(inTime.filter(({ place }) => place >= room).map(({ job }) => job));
    this.spooled += spooled.size;
    this.found(refused.size === 0);
    return batches.map(() => ({ spooled, refused, last }));
  }

  private found(hasRoom: boolean): void {
    this.isFull = !hasRoom;
    this.lookAt = performance.now() + this.lookEveryMs;
  }

  private async look(): Promise<void> {
    this.lookAt = Number.POSITIVE_INFINITY;
    const rows = await this.postgres.query<{ room: number }>(readRoom, [this.maxJobs]).catch(() => []);
    this.found(rows.some(({ room }) => room > 0));
  }
}

const nothing: Taken = { spooled: new Set(), refused: new Set(), last: null };

function fullError(): PostaError {
  const message = "the spool has as many jobs as it may (POSTA_SPOOL_MAX_JOBS); nothing was done";
  return new PostaError("exhausted", message, { retryAfterMs: fullForMs });
}
