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
import { type SpoolRow, toRedriveOptions, toSpec } from "./spool-row.js";

const maxRows = 500;
const maxBytes = 8 << 20;

/**
 * Reads rows in the order of an index. CASE keeps the planner from guessing how many rows belong to stuck queues. When
 * the planner guessed that most rows do, it read and sorted the whole spool for the few rows that it needed.
 */
const readNext: Statement = {
  name: "spool-next",
  text: `SELECT seq, queue, job_id AS "jobId", name, data, options, redrive,
      (extract(epoch FROM clock_timestamp() - spooled_at) * 1000)::float8 AS "waitedMs"
    FROM (
      SELECT *, sum(octet_length(data)) OVER (ORDER BY seq) - octet_length(data) AS bytes_before
      FROM (
        SELECT * FROM spool WHERE moved_at IS NULL AND CASE WHEN queue = ANY($1::text[]) THEN false ELSE true END
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

  constructor(
    private readonly writer: BatchWriter,
    private readonly retrier: FailedJobRetrier,
    private readonly marks: SpoolMarks,
    private readonly log: Logger,
  ) {}

  /**
   * Moves the next jobs of queues that are not `stuck`. Returns false if there were none. Throws if a store failed. If
   * something else is in the place of a queue, Redis cannot add to it. The queue then becomes stuck, and `stuck` has
   * the error.
   */
  async next(session: Queries, stuck: Map<string, PostaError>): Promise<boolean> {
    const rows = await session.query<SpoolRow>(readNext, [[...stuck.keys()]]);
    const cameIn = await this.marks.find(rows);
    const queues = new Map<string, SpoolRow[]>();
    for (const row of rows) if (!cameIn.has(row)) queues.set(row.queue, [...(queues.get(row.queue) ?? []), row]);
    const outcomes = await Promise.all([...queues].map(([queue, ofQueue]) => this.move(queue, ofQueue)));
    const earlier = [...cameIn].map((row): Outcome => ({ row, result: { jobId: row.jobId, outcome: "duplicate" } }));
    const failure = await this.settle(session, [...earlier, ...outcomes.flat()], stuck);
    if (failure) throw failure;
    return rows.length > 0;
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
    const read = rows.map((row) => ({ row, job: toJob(row) }));
    const good = read.filter((one): one is { row: SpoolRow; job: PendingJob } => one.job !== undefined);
    const jobs = good.map(({ job }) => job);
    const results = toAddResults(jobs, await new GroupCommit(write, jobBatches).pushAll(jobs));
    const resultOf = new Map(good.map(({ row }, index) => [row, results[index]]));
    return rows.map((row) => ({ row, result: resultOf.get(row) ?? malformed(row) }));
  }

  /** Records the outcomes in PostgreSQL. Returns an error if Redis itself failed, not only single jobs or queues. */
  private async settle(session: Queries, outcomes: Outcome[], stuck: Map<string, PostaError>) {
    const moved = outcomes.filter(({ result }) => !result.error).map(({ row }) => row.seq);
    if (moved.length > 0) await session.query(markMoved, [moved]);
    this.drained += moved.length;
    const refused = outcomes.filter(({ result }) => isRefusal(result.error));
    if (refused.length > 0) logDeadJobs(this.log, await giveUp(session, refused));
    let failure: PostaError | undefined;
    for (const { row, result } of outcomes) {
      const { error } = result;
      if (error?.code === "unavailable" || error?.code === "exhausted") failure ??= error;
      else if (error && !isRefusal(error)) stuck.set(row.queue, error);
    }
    return failure;
  }
}

/** The job of a row; undefined if its options are not JSON. */
function toJob(row: SpoolRow): PendingJob | undefined {
  try {
    return { spec: toSpec(row), id: row.jobId, fresh: false, caller: patientWaiter, row: row.seq };
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
