import type { Queries, Statement } from "../../store/postgres/session.js";
import type { SpoolMarks } from "./spool-marks.js";

/** Redis may lose the last two seconds of its writes (appendfsync everysec). A write that is this old is safe. */
const safeAfterMs = 10_000;
const pageRows = 1000;

const readMoved: Statement = {
  name: "spool-read-moved",
  text: `SELECT seq, job_id AS "jobId", moved_at < clock_timestamp() - make_interval(secs => $3::float8 / 1000) AS safe
    FROM spool WHERE moved_at IS NOT NULL AND seq > $1::bigint ORDER BY seq LIMIT $2::int`,
};
const remove: Statement = {
  name: "spool-remove",
  text: "DELETE FROM spool WHERE seq = ANY($1::bigint[]) AND moved_at IS NOT NULL",
};
const restore: Statement = {
  name: "spool-restore",
  text: "UPDATE spool SET moved_at = NULL WHERE seq = ANY($1::bigint[])",
};

interface MovedRow {
  seq: number;
  jobId: string;
  safe: boolean;
}

/**
 * Checks the rows of jobs that are in their queues. If Redis has lost a row's mark, it has lost the job too, and the
 * row waits again. The other rows are removed once Redis cannot lose their jobs any more.
 */
export class SpoolRetention {
  constructor(
    private readonly marks: SpoolMarks,
    private readonly safeMs = safeAfterMs,
  ) {}

  /** Checks all moved rows. Returns how many of them wait again. */
  async check(session: Queries): Promise<number> {
    let lost = 0;
    let last = 0;
    for (;;) {
      const rows = await session.query<MovedRow>(readMoved, [last, pageRows, this.safeMs]);
      lost += await this.settle(session, rows);
      if (rows.length < pageRows) break;
      last = rows.at(-1)?.seq ?? last;
    }
    await this.marks.removeOld();
    return lost;
  }

  private async settle(session: Queries, rows: MovedRow[]): Promise<number> {
    if (rows.length === 0) return 0;
    const marked = await this.marks.find(rows);
    const lost = rows.filter((row) => !marked.has(row));
    if (lost.length > 0) await session.query(restore, [lost.map(({ seq }) => seq)]);
    const safe = [...marked].filter((row) => row.safe);
    if (safe.length > 0) {
      await session.query(remove, [safe.map(({ seq }) => seq)]);
      await this.marks.remove(safe);
    }
    return lost.length;
  }
}
