import { BatchMetrics } from "../../batching/batch-metrics.js";
import { GroupCommit } from "../../batching/group-commit.js";
import { isAbandoned } from "../../batching/waiter.js";
import { PostaError } from "../../errors/posta-error.js";
import type { Statement } from "../../store/postgres/session.js";
import type { PostgresStore } from "../../store/postgres/store.js";
import { type AddResult, abandonedError, type PendingJob, type QueueWriter } from "../job/pending-job.js";
import { toRow } from "./spool-row.js";

/** How many batches are committed together. A batch has up to 1 MiB of payloads, or one larger job. */
const maxBatches = 16;

/** How long a caller that found the spool full should wait, and how often a full spool is looked at again. */
const fullForMs = 5000;

/** The channel that tells the drain of committed rows. */
export const spoolChannel = "posta_spool";

/**
 * Inserts rows from the first on, as far as there is space. Rows whose callers no longer wait are left out. `now()` is
 * when the statement arrived, so a PostgreSQL that hung inserts no such rows.
 *
 * The row numbers show how many rows wait, because numbers are given in order. The result may be too high, never too
 * low. Some numbers were given in vain, or their rows were moved from behind a row that cannot be moved. Rows are
 * counted only if the numbers do not show space for all.
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

/** Counts the space, as the statement above does if the numbers do not show enough. */
const readRoom: Statement = {
  name: "spool-room",
  text: "SELECT $1 - count(*)::integer AS room FROM spool WHERE moved_at IS NULL",
};

interface QueueBatch {
  queue: string;
  jobs: PendingJob[];
}

interface Inserted {
  /** The places of the jobs that came too late. */
  late: number[] | null;
  /** How many jobs there was space for, from the first on. */
  room: number;
  /** The number of the last row that was inserted; null: no row was inserted. */
  last: number | null;
}

/** The result of batches that were inserted together. */
interface Taken {
  spooled: ReadonlySet<PendingJob>;
  /** There was no space for these jobs. */
  refused: ReadonlySet<PendingJob>;
  last: number | null;
}

/**
 * What became of a batch. `last` is the number of the batch's last row, or of a later row; null: the batch has no row.
 */
export interface Spooled {
  results: AddResult[];
  last: number | null;
}

/**
 * Keeps jobs in PostgreSQL that are to go into Redis. One statement runs at a time. So the rows of one process are
 * committed, and seen by the drain, in the order of their numbers.
 */
export class Spool implements QueueWriter {
  /** How many jobs this process has put into the spool. */
  spooled = 0;
  /** The metrics of the spool's own batches. Each commits several batches of queues. */
  readonly batches = new BatchMetrics();
  /** Whether the spool was full when last seen. */
  private isFull = false;
  /** When to look at a full spool again, by performance.now(). */
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

  /**
   * Whether jobs can be put into the spool, as far as is known. While the spool is full, perhaps nobody tries to add.
   * So reading this property starts a new look at the spool.
   */
  get usable(): boolean {
    if (this.isFull && performance.now() >= this.lookAt) void this.look();
    return this.maxJobs > 0 && this.postgres.usable && !this.postgres.refusal && !this.isFull;
  }

  /** Writes durable jobs, which go into the spool in any case. */
  async write(queue: string, batch: PendingJob[]): Promise<AddResult[]> {
    return (await this.put(queue, batch)).results;
  }

  /**
   * Commits a batch after all batches that were given before it. Jobs whose callers no longer wait are left out. Throws
   * if PostgreSQL failed.
   */
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

  /** Leaves out jobs whose callers gave up while earlier batches were written. */
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
  const message = "the spool has as many jobs as it may (POSTA_QUEUE_MAX_SPOOLED); nothing was done";
  return new PostaError("exhausted", message, { retryAfterMs: fullForMs });
}
