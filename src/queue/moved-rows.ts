import type { Queries, Statement } from "../store/postgres-session.js";
import type { RedisStore } from "../store/redis.js";
import { type Keys, spoolMark } from "./keys.js";
import { rethrow } from "./read-job.js";

/** Redis may forget the last two seconds of what it took (appendfsync everysec); so much later it does not. */
const safeAfterMs = 10_000;
const pageRows = 1000;
/** Marks of rows that have been gone for so long are left over from a process that died. */
const oldMarkMs = 7 * 24 * 3_600_000;

const readMoved: Statement = {
  name: "spool-read-moved",
  text: `SELECT seq, job_id AS "jobId", moved_at < clock_timestamp() - make_interval(secs => $3::float8 / 1000) AS safe
    FROM spool WHERE moved_at IS NOT NULL AND seq > $1::bigint ORDER BY seq LIMIT $2::int`,
};
const remove: Statement = {
  name: "spool-remove",
  text: "DELETE FROM spool WHERE seq = ANY($1::bigint[]) AND moved_at IS NOT NULL",
};
const putBack: Statement = {
  name: "spool-put-back",
  text: "UPDATE spool SET moved_at = NULL WHERE seq = ANY($1::bigint[])",
};

interface MovedRow {
  seq: number;
  jobId: string;
  safe: boolean;
}

/**
 * The rows of jobs that are in their queues. Those whose mark Redis has lost, and the job with it, wait again; the others
 * are removed once Redis cannot lose them any more.
 */
export class MovedRows {
  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
    private readonly safeMs = safeAfterMs,
  ) {}

  /** Looks at all of them; answers how many wait again. */
  async check(session: Queries): Promise<number> {
    let lost = 0;
    let last = 0;
    for (;;) {
      const rows = await session.query<MovedRow>(readMoved, [last, pageRows, this.safeMs]);
      lost += await this.settle(session, rows);
      if (rows.length < pageRows) break;
      last = rows.at(-1)?.seq ?? last;
    }
    await this.store.client.zremrangebyscore(this.keys.spooled, 0, Date.now() - oldMarkMs).catch(rethrow);
    return lost;
  }

  private async settle(session: Queries, rows: MovedRow[]): Promise<number> {
    if (rows.length === 0) return 0;
    const marks = rows.map(({ seq, jobId }) => spoolMark(seq, jobId));
    const scores = await this.store.client.zmscore(this.keys.spooled, ...marks).catch(rethrow);
    const kept = rows.map((row, index) => ({ ...row, mark: marks[index] as string, isThere: scores[index] !== null }));
    const lost = kept.filter(({ isThere }) => !isThere);
    if (lost.length > 0) await session.query(putBack, [lost.map(({ seq }) => seq)]);
    const safe = kept.filter((row) => row.isThere && row.safe);
    if (safe.length > 0) {
      await session.query(remove, [safe.map(({ seq }) => seq)]);
      await this.store.client.zrem(this.keys.spooled, ...safe.map(({ mark }) => mark)).catch(rethrow);
    }
    return lost.length;
  }
}
