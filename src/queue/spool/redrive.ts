import { toPostaError } from "../../errors/posta-error.js";
import type { BullAdapter } from "../bullmq/bull.js";
import type { JobReader } from "../inspect/read-job.js";
import { contentFields } from "../job/job-fields.js";
import type { AddResult } from "../job/pending-job.js";
import { isFinished, retryFinished } from "../manage/retry-job.js";
import type { SpoolMarks } from "./spool-marks.js";
import type { SpoolRow } from "./spool-row.js";

/** Runs jobs again that failed for good: where they still are, with all their attempts before them. */
export class Redriver {
  constructor(
    private readonly marks: SpoolMarks,
    private readonly bull: BullAdapter,
    private readonly jobs: JobReader,
  ) {}

  /** Of rows that are redriven: those whose jobs are still there. The others are to be added, as any row. */
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
