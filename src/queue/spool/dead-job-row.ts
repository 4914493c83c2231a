import { createHash } from "node:crypto";
import { UUID } from "uuidv7";
import { insertDeadLetters, type NewDeadLetter } from "../../store/postgres/dead-letters.js";
import type { Queries, Statement } from "../../store/postgres/session.js";
import type { Logger } from "../../telemetry/log/log.js";
import { readRequestId } from "../job/request-id.js";

/** A job that was given up. */
export interface DeadJob {
  queue: string;
  jobId: string;
  /** The error that the job failed with last. */
  reason: string;
  data: string;
  /** As {@link toRedriveOptions} makes them. */
  options: string;
  /** A JSON list of its attempts. */
  history: string;
  /** In milliseconds since 1970. */
  failedAt: number;
}

const jobs = `unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::float8[])
      AS job (id, queue, job_id, reason, data, options, history, failed_at)`;

const letter: NewDeadLetter = {
  id: "id",
  source: "queue",
  ref: "job_id",
  reason: "reason",
  content: "data",
  options: "options",
  history: "history",
  failedAt: "to_timestamp(failed_at / 1000)",
};

const insert: Statement = {
  name: "dead-jobs-insert",
  text: `WITH refused AS (DELETE FROM spool WHERE seq = ANY($9::bigint[]))
    ${insertDeadLetters("job", letter, jobs)} ON CONFLICT DO NOTHING RETURNING id`,
};

/** A dead letter's id, made from the job and the time of its failure. So one failure of a job makes one dead letter. */
export function deadLetterId(queue: string, jobId: string, failedAt: number): string {
  const hash = createHash("sha256").update(`${queue}\0${jobId}`).digest();
  const [a, b, c] = [hash.readUInt16BE(0) & 0xfff, hash.readUInt32BE(2) & 0x3fff_ffff, hash.readUInt32BE(6)];
  return UUID.fromFieldsV7(Math.trunc(failedAt), a, b, c).toString();
}

/**
 * Inserts dead letters, and deletes their jobs' rows of the spool in the same statement. Returns the jobs that were
 * new.
 */
export async function insertDeadJobs(session: Queries, jobs: DeadJob[], rows: number[] = []): Promise<DeadJob[]> {
  const column = (read: (job: DeadJob) => string) => jobs.map((job) => toText(read(job)));
  const ids = jobs.map(({ queue, jobId, failedAt }, index) => {
    // Several rows of the spool may have the same job id, and be refused at the same time.
    const row = rows[index];
    return deadLetterId(queue, row === undefined ? jobId : `${jobId}\0${row}`, failedAt);
  });
  const inserted = await session.query<{ id: string }>(insert, [
    ids,
    column(({ queue }) => queue),
    column(({ jobId }) => jobId),
    column(({ reason }) => reason),
    column(({ data }) => data),
    column(({ options }) => options),
    column(({ history }) => history),
    jobs.map(({ failedAt }) => failedAt),
    rows,
  ]);
  const fresh = new Set(inserted.map(({ id }) => id));
  return jobs.filter((_, index) => fresh.has(ids[index] as string));
}

/** Logs a line for each job, with the id of the request that added the job. The dead letter has the reason. */
export function logDeadJobs(log: Logger, jobs: DeadJob[]): void {
  for (const { queue, jobId, options } of jobs) {
    const requestId = readRequestId(options);
    log.warn(
      { queue, jobId, ...(requestId === undefined ? {} : { requestId }) },
      "a job failed for good: it is a dead letter",
    );
  }
}

/** PostgreSQL takes no NUL in a text. */
function toText(text: string): string {
  return text.replaceAll("\0", "\ufffd");
}
