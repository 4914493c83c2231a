import { dropPartitions, listOldPartitions } from "../store/partitions.js";
import type { PostgresStore } from "../store/postgres.js";
import type { Statement } from "../store/postgres-session.js";

/** What one statement may delete or look at: far less than its time-out allows. */
const maxRows = 2000;

const deleteDays: Statement = {
  name: "analytics-delete-days",
  text: `WITH deleted AS (
      DELETE FROM analytics_days WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM analytics_days WHERE day < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING 1
    ) SELECT count(*)::int AS rows FROM deleted`,
};
/** The roll-up, which takes series that are there as given, begins with the same. */
const holdRollUp: Statement = {
  name: "analytics-hold-roll-up",
  text: "SELECT FROM analytics_rollup FOR UPDATE",
};
/** A look into the indexes for each series: LIMIT keeps PostgreSQL from reading all days instead. */
const deleteUnused: Statement = {
  name: "analytics-delete-unused-series",
  text: `WITH looked_at AS (SELECT id FROM analytics_series WHERE id > $1 ORDER BY id LIMIT $3), deleted AS (
      DELETE FROM analytics_series WHERE id IN (SELECT id FROM looked_at)
        AND (SELECT 1 FROM analytics_days WHERE series_id = id LIMIT 1) IS NULL
        AND (SELECT 1 FROM analytics_hours WHERE series_id = id AND hour >= $2 LIMIT 1) IS NULL
    ) SELECT max(id) AS last FROM looked_at`,
};

/**
 * Drops the history from before a moment, a month's first: sums of days, series that have nothing left, then the months
 * themselves, so that one that is interrupted is done again. Answers the names of the partitions it dropped.
 */
export async function forgetHistory(postgres: PostgresStore, kept: Date, stopping: AbortSignal): Promise<string[]> {
  const old = await listOldPartitions(postgres, "analytics", kept);
  if (old.length === 0) return [];
  while (!stopping.aborted && (await deleteSomeDays(postgres, kept)) > 0) {}
  let last: number | null = 0;
  while (!stopping.aborted && last !== null) last = await deleteSomeUnused(postgres, last, kept);
  if (stopping.aborted) return [];
  await dropPartitions(postgres, old);
  return old;
}

async function deleteSomeDays(postgres: PostgresStore, kept: Date): Promise<number> {
  const [row] = await postgres.query<{ rows: number }>(deleteDays, [kept, maxRows]);
  return row?.rows ?? 0;
}

/** Looks at the series that follow one; answers the last it looked at, null if there are none. */
async function deleteSomeUnused(postgres: PostgresStore, after: number, kept: Date): Promise<number | null> {
  return postgres.transaction(async (transaction) => {
    await transaction.query(holdRollUp);
    const [row] = await transaction.query<{ last: number | null }>(deleteUnused, [after, kept, maxRows]);
    return row?.last ?? null;
  });
}
