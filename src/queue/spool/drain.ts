import { GroupCommit, type WriteBatch } from "../../batching/group-commit.js";
import { patientWaiter } from "../../batching/waiter.js";
import { invalid, type PostaError, toPostaError } from "../../errors/posta-error.js";
import type { Queries, Statement } from "../../store/postgres/session.js";
import type { Logger } from "../../telemetry/log/log.js";
import type { BatchWriter } from "../add/batch.js";
import { jobBatches } from "../add/queue-batcher.js";
import { type AddResult, type PendingJob, toAddResults } from "../job/pending-job.js";
import { type DeadJob, insertDeadJobs, logDeadJobs } from "./dead-job-row.js";
import type { FailedJobRetrier } from "./redrive-job.js";
import type { SpoolMarks } from "./spool-marks.js";
import { SpecReader, type SpoolRow, toRedriveOptions } from "./spool-row.js";

const maxRows = 500;
const maxBytes = 8 << 20;

/** Batches for jobs of the spool. They go one by one, to keep their order, so a batch is larger than that of a caller. */
const batches = { ...jobBatches, maxBatch: 250 };

/**
 * PostgreSQL must read the waiting rows in the order of their index. Without statistics, as on a new database, it would
 * read and sort the whole spool for each page.
 */
export const keepOrder: Statement = {
  name: "spool-keep-order",
  text: "SELECT set_config('enable_sort', 'off', false)",
};

/**
 * Reads rows that are not on their way ($2; a subquery, as PostgreSQL looks such a list up by hash). It reads rows in the order of an index. CASE keeps the planner from guessing how many rows belong to stuck queues. When
 * the planner guessed that most rows do, it read and sorted the whole spool for the few rows that it needed.
 */
export const readNext: Statement = {
  name: "spool-next",
  text: `SELECT seq, queue, job_id AS "jobId", name, data, options, redrive,
      (extract(epoch FROM clock_timestamp() - spooled_at) * 1000)::float8 AS "waitedMs"
    FROM (
      SELECT *, sum(octet_length(data)) OVER (ORDER BY seq) - octet_length(data) AS bytes_before
      FROM (
        SELECT * FROM spool WHERE moved_at IS NULL AND seq NOT IN (SELECT unnest($2::bigint[]))
          AND CASE WHEN queue = ANY($1::text[]) THEN false ELSE true END
        ORDER BY seq LIMIT ${maxRows}
      ) AS next
    ) AS sized
    WHERE bytes_before < ${maxBytes} ORDER BY seq`,
};

const markMoved: Statement = {
  name: "spool-moved",
  text: "UPDATE spool SET moved_at = clock_timestamp() WHERE seq = ANY($1::bigint[]) AND moved_at IS NULL",
};

type Outcome = { row: SpoolRow; result: AddResult };

/**
 * Moves jobs from the spool into their queues. The jobs of one queue move in order, one after the other. A drain may
 * die at any point, and several drains may run at the same time. A job that is already in its queue is not added again:
 * only its row is set to moved. Marks in Redis show which jobs came in, and add-jobs.lua checks the marks again.
 */
export class Drain {
  /** How many jobs this process has moved. */
  drained = 0;
  /** The session that is set up to read the spool. */
  private prepared: Queries | undefined;

  constructor(
    private readonly writer: BatchWriter,
    private readonly retrier: FailedJobRetrier,
    private readonly marks: SpoolMarks,
    private readonly log: Logger,
  ) {}

  /**
   * Moves jobs until the spool is empty or the term ends. While Redis takes a page, PostgreSQL marks the page before it
   * and reads the page after it. Throws if a store failed. If something else is in the place of a queue, Redis cannot add to it. The queue then
   * becomes stuck: its later jobs are left out, and the returned map has the error.
   */
  async run(session: Queries, ending: AbortSignal): Promise<Map<string, PostaError>> {
    await this.prepare(session);
    const stuck = new Map<string, PostaError>();
    let recorded = Promise.resolve();
    let before: SpoolRow[] = [];
    let page = await read(session, stuck, []);
    try {
      while (page.length > 0 && !ending.aborted) {
        const next = inBackground(read(session, stuck, [...before, ...page]));
        const outcomes = await this.moveAll(page);
        const failure = findFailure(outcomes, stuck);
        await recorded;
        recorded = inBackground(this.record(session, outcomes));
        if (failure) throw failure;
        before = page;
        // A queue that has become stuck may have rows in the next page, which must not overtake its earlier rows.
        page = (await next).filter(({ queue }) => !stuck.has(queue));
        if (page.length > 0) continue;
        await recorded;
        [before, page] = [[], await read(session, stuck, [])];
      }
    } finally {
      await recorded; // Another run would read its rows again.
    }
    return stuck;
  }

  private async prepare(session: Queries): Promise<void> {
    if (this.prepared === session) return;
    await session.query(keepOrder);
    this.prepared = session;
  }

  private async moveAll(rows: SpoolRow[]): Promise<Outcome[]> {
    const cameIn = await this.marks.find(rows);
    const queues = new Map<string, SpoolRow[]>();
    for (const row of rows) {
      if (cameIn.has(row)) continue;
      const ofQueue = queues.get(row.queue);
      if (ofQueue) ofQueue.push(row);
      else queues.set(row.queue, [row]);
    }
    const outcomes = await Promise.all([...queues].map(([queue, ofQueue]) => this.move(queue, ofQueue)));
    const earlier = [...cameIn].map((row): Outcome => ({ row, result: { jobId: row.jobId, outcome: "duplicate" } }));
    return [...earlier, ...outcomes.flat()];
  }

  private async move(queue: string, rows: SpoolRow[]): Promise<Outcome[]> {
    const retried = await this.retrier.retryAll(rows);
    const toAdd = rows.filter((row) => !retried.has(row));
    const done = [...retried].map(([row, result]) => ({ row, result }));
    return [...done, ...(await this.add(queue, toAdd))];
  }

  /**
   * Adds jobs by a group commit of its own. It stops at the first batch that fails, so that no later batch overtakes
   * that one.
   */
  private async add(queue: string, rows: SpoolRow[]): Promise<Outcome[]> {
    let failure: PostaError | undefined;
    const write: WriteBatch<PendingJob, AddResult> = async (batch, { earlier }) => {
      await earlier;
      if (failure) throw failure;
      return this.writer.write(queue, batch).catch((error) => {
        failure = toPostaError(error);
        throw failure;
      });
    };
    const specs = new SpecReader();
    const read = rows.map((row) => ({ row, job: toJob(row, specs) }));
    const good = read.filter((one): one is { row: SpoolRow; job: PendingJob } => one.job !== undefined);
    const jobs = good.map(({ job }) => job);
    const results = toAddResults(jobs, await new GroupCommit(write, batches).pushAll(jobs));
    const resultOf = new Map(good.map(({ row }, index) => [row, results[index]]));
    return rows.map((row) => ({ row, result: resultOf.get(row) ?? malformed(row) }));
  }

  /** Records the outcomes in PostgreSQL. */
  private async record(session: Queries, outcomes: Outcome[]): Promise<void> {
    const moved = outcomes.filter(({ result }) => !result.error).map(({ row }) => row.seq);
    if (moved.length > 0) await session.query(markMoved, [moved]);
    this.drained += moved.length;
    const refused = outcomes.filter(({ result }) => isRefusal(result.error));
    if (refused.length > 0) logDeadJobs(this.log, await giveUp(session, refused));
  }
}

/** Returns an error if Redis itself failed. If only a queue failed, puts the queue into `stuck`. */
function findFailure(outcomes: Outcome[], stuck: Map<string, PostaError>): PostaError | undefined {
  let failure: PostaError | undefined;
  for (const { row, result } of outcomes) {
    const { error } = result;
    if (error?.code === "unavailable" || error?.code === "exhausted") failure ??= error;
    else if (error && !isRefusal(error)) stuck.set(row.queue, error);
  }
  return failure;
}

/** Lets work go on that is waited for later, or not at all: its failure must not end the process meanwhile. */
function inBackground<Result>(work: Promise<Result>): Promise<Result> {
  work.catch(() => {});
  return work;
}

/** The next rows of queues that are not stuck, without those of the pages that are on their way. */
function read(session: Queries, stuck: ReadonlyMap<string, PostaError>, onTheirWay: SpoolRow[]): Promise<SpoolRow[]> {
  return session.query<SpoolRow>(readNext, [[...stuck.keys()], onTheirWay.map(({ seq }) => seq)]);
}

/** The job of a row; undefined if its options are not JSON. */
function toJob(row: SpoolRow, specs: SpecReader): PendingJob | undefined {
  try {
    return { spec: specs.read(row), id: row.jobId, fresh: false, caller: patientWaiter, row: row.seq };
  } catch {
    return undefined;
  }
}

function malformed({ jobId }: SpoolRow): AddResult {
  return { jobId, error: invalid("options", "are not JSON") };
}

/** The id is taken by a job with other content, or the row was not written by Posta. To try again is of no use. */
function isRefusal(error: PostaError | undefined): boolean {
  return error?.code === "exists" || error?.code === "invalid";
}

/** Puts refused jobs into dead_letters, where people look for work that was not done. */
function giveUp(session: Queries, refused: Outcome[]): Promise<DeadJob[]> {
  const failedAt = Date.now();
  const jobs = refused.map(({ row, result }) => ({
    queue: row.queue,
    jobId: row.jobId,
    reason: result.error?.message ?? "",
    data: row.data,
    options: toRedriveOptions(row.name, row.options),
    history: "[]",
    failedAt,
  }));
  return insertDeadJobs(
    session,
    jobs,
    refused.map(({ row }) => row.seq),
  );
}
