import { toPostaError } from "../../errors/posta-error.js";
import type { BullAdapter } from "../../store/bullmq/adapter.js";
import type { RedriveHandler } from "../../store/postgres/dead-letters.js";
import type { JobReader } from "../inspect/read-job.js";
import { contentFields } from "../job/job-fields.js";
import type { AddResult } from "../job/pending-job.js";
import { isFinished, retryFinished } from "../manage/retry-job.js";
import { spoolChannel } from "./spool.js";
import type { SpoolMarks } from "./spool-marks.js";
import type { SpoolRow } from "./spool-row.js";

/**
 * The database's side of a redrive: jobs go into the spool. A job's options include its name (see toRedriveOptions).
 */
export const jobRedrive: RedriveHandler = {
  channel: spoolChannel,
  redriveSql: (letters) => ({
    steps: `job_spooled AS (
    INSERT INTO spool (queue, job_id, name, data, options, redrive)
    SELECT source, ref, options::json ->> 'name', content, options, true FROM ${letters} ORDER BY id
  )`,
    done: `SELECT id, NULL::json FROM ${letters}`,
  }),
};

/** The drain's side of a redrive. A job that is still in its queue runs again there, and has all its attempts again. */
export class FailedJobRetrier {
  constructor(
    private readonly marks: SpoolMarks,
    private readonly bull: BullAdapter,
    private readonly jobs: JobReader,
  ) {}

  /** Retries the redriven rows whose jobs are still there. The caller adds the other rows as usual. */
  async retryAll(rows: SpoolRow[]): Promise<Map<SpoolRow, AddResult>> {
    const results = new Map<SpoolRow, AddResult>();
    for (const row of rows) {
      if (!row.redrive) continue;
      const result = await this.retry(row).catch((error) => ({ jobId: row.jobId, error: toPostaError(error) }));
      if (result) results.set(row, result);
    }
    return results;
  }

  private async retry(row: SpoolRow): Promise<AddResult | undefined> {
    const { queue, jobId, name, data } = row;
    const job = await this.jobs.toChange(queue, jobId, contentFields).catch((error) => {
      if (toPostaError(error).code === "not-found") return undefined;
      throw error;
    });
    if (job?.fields.name !== name || job.fields.data !== data || job.state === "orphaned") return undefined;
    if (isFinished(job) && job.state === "failed") {
      await retryFinished(this.bull, queue, job, { resetAttemptsMade: true, resetAttemptsStarted: true });
    }
    await this.marks.set(row);
    return { jobId, outcome: job.state === "failed" ? "added" : "duplicate" };
  }
}
