import { rethrowStoreError } from "../../store/redis/errors.js";
import type { RedisStore } from "../../store/redis/store.js";
import { type Keys, spoolMark } from "../job/keys.js";
import type { SpoolRow } from "./spool-row.js";

/** Marks older than this are left over from a process that died. */
const oldMarkMs = 7 * 24 * 3_600_000;

type Marked = Pick<SpoolRow, "seq" | "jobId">;

/**
 * Shows which rows of the spool have come into their queues; see {@link Keys.spooled}. Each call throws if Redis
 * failed.
 */
export class SpoolMarks {
  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
  ) {}

  /** Returns those of the rows that have a mark. */
  async find<Row extends Marked>(rows: Row[]): Promise<Set<Row>> {
    if (rows.length === 0) return new Set();
    const scores = await this.store.client.zmscore(this.keys.spooled, ...rows.map(toMark)).catch(rethrowStoreError);
    return new Set(rows.filter((_, index) => scores[index] !== null));
  }

  /** Marks a row whose job did not come in by add-jobs.lua. That script writes the mark itself. */
  async set(row: Marked): Promise<void> {
    await this.store.client.zadd(this.keys.spooled, Date.now(), toMark(row)).catch(rethrowStoreError);
  }

  async remove(rows: Marked[]): Promise<void> {
    await this.store.client.zrem(this.keys.spooled, ...rows.map(toMark)).catch(rethrowStoreError);
  }

  async removeOld(): Promise<void> {
    await this.store.client.zremrangebyscore(this.keys.spooled, 0, Date.now() - oldMarkMs).catch(rethrowStoreError);
  }
}

function toMark({ seq, jobId }: Marked): string {
  return spoolMark(seq, jobId);
}
