import { waitBriefly } from "../../store/postgres/locks.js";
import { dropPartitions, listOldPartitions } from "../../store/postgres/partitions.js";
import type { Statement } from "../../store/postgres/session.js";
import type { PostgresStore } from "../../store/postgres/store.js";
import { historyTables } from "./monthly-tables.js";

/** Series that one statement looks at, each by the indexes: far fewer than its time-out allows. */
const maxSeries = 500;

/** Keeps out the roll-up, which relies on the series that exist. The roll-up begins with the same lock. */
const holdRollUp: Statement = {
  name: "analytics-hold-roll-up",
  text: "SELECT FROM analytics_rollup FOR UPDATE",
};
/**
 * For the next series after an id: deletes the days that are not kept, and the series that have nothing left. LIMIT
 * keeps PostgreSQL from reading a whole table where a look into the index for each series will do.
 */
const forgetSome: Statement = {
  name: "analytics-forget-some",
  text: `WITH looked_at AS MATERIALIZED (SELECT id FROM analytics_series WHERE id > $1 ORDER BY id LIMIT $3), days AS (
      DELETE FROM analytics_days WHERE day < $2 AND series_id = ANY (ARRAY(SELECT id FROM looked_at))
    ), unused AS (
      DELETE FROM analytics_series WHERE id = ANY (ARRAY(SELECT id FROM looked_at))
        AND (SELECT 1 FROM analytics_days WHERE series_id = id AND day >= $2 LIMIT 1) IS NULL
        AND (SELECT 1 FROM analytics_hours WHERE series_id = id AND hour >= $2 LIMIT 1) IS NULL
    ) SELECT max(id) AS last FROM looked_at`,
};

/**
 * Drops the history from before a moment, the first of a month: sums of days, series that have nothing left, then the
 * months themselves. The months come last, so that an interrupted run is repeated. Returns the dropped partitions.
 */
export async function forgetHistory(postgres: PostgresStore, kept: Date, stopping: AbortSignal): Promise<string[]> {
  const old = await listOldPartitions(postgres, historyTables, kept);
  if (old.length === 0) return [];
  let last: number | null = 0;
  while (!stopping.aborted && last !== null) last = await forgetSeries(postgres, last, kept);
  if (stopping.aborted) return [];
  await dropPartitions(postgres, old, holdRollUp);
  return old;
}

/** Forgets in the next series after an id. Returns the last id that it looked at, null if there are none. */
async function forgetSeries(postgres: PostgresStore, after: number, kept: Date): Promise<number | null> {
  return postgres.transaction(async (transaction) => {
    await transaction.run(waitBriefly);
    await transaction.query(holdRollUp);
    const [row] = await transaction.query<{ last: number | null }>(forgetSome, [after, kept, maxSeries]);
    return row?.last ?? null;
  });
}
