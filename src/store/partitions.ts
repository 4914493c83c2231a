import { lockFor } from "./locks.js";
import type { PostgresStore } from "./postgres.js";
import type { Queries, Statement, Transaction } from "./postgres-session.js";

/** The tables that are parted by month (UTC). */
const tables = ["analytics_hours", "analytics_uniques"];

interface Partition {
  table: string;
  name: string;
  /** Its month's first moment, and the next month's. */
  from: string;
  until: string;
}

const readWatermark: Statement = { name: "read-watermark", text: "SELECT rolled_until AS at FROM analytics_rollup" };

/** Not by to_regclass: it may answer from the connection's cache, which does not know what others have just made. */
const findMissing: Statement = {
  name: "find-missing-partitions",
  text: `SELECT name FROM unnest($1::text[]) AS name WHERE NOT EXISTS (
    SELECT FROM pg_class WHERE relname = name AND relnamespace = current_schema()::regnamespace)`,
};

/**
 * Makes what is missing of the partitions for the months from that of `first` to that of `last`. Any number of processes
 * may do so at a time, and as often as they like: where nothing is missing it costs one look.
 */
export async function ensurePartitions(store: PostgresStore, first: Date, last: Date): Promise<void> {
  const wanted = partitionsOf(first, last);
  if ((await missingOf(store, wanted)).length === 0) return;
  await store.transaction(async (transaction) => {
    await transaction.query(lockFor("partitions"));
    // Whoever had the lock before may have made them.
    for (const partition of await missingOf(transaction, wanted)) await create(transaction, partition);
  });
}

/** Makes those that the roll-up may write into: from the watermark's month to the next one. */
export async function keepPartitions(store: PostgresStore, now: Date): Promise<void> {
  const [row] = await store.query<{ at: Date }>(readWatermark);
  await ensurePartitions(store, row?.at ?? now, startOfMonth(now, 1));
}

async function missingOf(queries: Queries, wanted: Partition[]): Promise<Partition[]> {
  const rows = await queries.query<{ name: string }>(findMissing, [wanted.map(({ name }) => name)]);
  const missing = new Set(rows.map(({ name }) => name));
  return wanted.filter(({ name }) => missing.has(name));
}

/** Attached, not made as a partition: that would have to wait for all who read the table, and they for it. */
async function create(transaction: Transaction, { table, name, from, until }: Partition): Promise<void> {
  await transaction.run(`CREATE TABLE ${name} (LIKE ${table} INCLUDING ALL);
    ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM ('${from}') TO ('${until}')`);
}

function partitionsOf(first: Date, last: Date): Partition[] {
  const partitions: Partition[] = [];
  let month = startOfMonth(first, 0);
  while (month <= last) {
    const next = startOfMonth(month, 1);
    const suffix = month.toISOString().slice(0, 7).replace("-", "_");
    for (const table of tables) {
      const [from, until] = [month.toISOString(), next.toISOString()];
      partitions.push({ table, name: `${table}_${suffix}`, from, until });
    }
    month = next;
  }
  return partitions;
}

/** The start of the month that is so many after the time's. */
function startOfMonth(time: Date, after: number): Date {
  return new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + after));
}
