import { lockFor, waitBriefly } from "./locks.js";
import type { Queries, Statement, Transaction } from "./session.js";
import type { PostgresStore } from "./store.js";

/** What a table's partitions are bounded by: a time, or a UUIDv7, which begins with a time in milliseconds. */
type Bound = "time" | "id";

/** Tables with a partition for each month (UTC), and what each is bounded by. */
export type MonthlyTables = Readonly<Record<string, Bound>>;

interface Partition {
  table: string;
  name: string;
  /** The first moment of its month and of the next month, as values of the table's key. */
  from: string;
  until: string;
}

/** Without to_regclass: it may answer from the connection's cache, which misses partitions that others just made. */
const findMissing: Statement = {
  name: "find-missing-partitions",
  text: `SELECT name FROM unnest($1::text[]) AS name WHERE NOT EXISTS (
    SELECT FROM pg_class WHERE relname = name AND relnamespace = current_schema()::regnamespace)`,
};

const listPartitions: Statement = {
  name: "list-partitions",
  text: `SELECT relname AS name FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = ANY (SELECT name::regclass FROM unnest($1::text[]) AS name)`,
};

/**
 * Makes the missing partitions of tables, from the month of `first` to the month of `last`. Any number of processes
 * may call this at a time, and as often as they like: if nothing is missing, it costs one query.
 */
export async function ensurePartitions(
  store: PostgresStore,
  tables: MonthlyTables,
  first: Date,
  last: Date,
): Promise<void> {
  const wanted = partitionsOf(tables, first, last);
  if ((await missingOf(store, wanted)).length === 0) return;
  await store.transaction(async (transaction) => {
    await transaction.query(lockFor("partitions"));
    // The process that had the lock before may have made them.
    for (const partition of await missingOf(transaction, wanted)) await create(transaction, partition);
  });
}

/** The first moment that is kept, if this many months are kept. The month of `now` is one of them. */
export function oldestKept(now: Date, months: number): Date {
  return startOfMonth(now, 1 - months);
}

/** The names of the tables' partitions whose month is before the month of `kept`. */
export async function listOldPartitions(store: PostgresStore, tables: MonthlyTables, kept: Date): Promise<string[]> {
  const oldest = suffixOf(kept);
  const rows = await store.query<{ name: string }>(listPartitions, [Object.keys(tables)]);
  return rows.map(({ name }) => name).filter((name) => name.slice(-oldest.length) < oldest);
}

/**
 * Drops partitions. Before each, `hold` takes a lock that keeps out users with long transactions. Any number of
 * processes may do so at a time. Throws unavailable if a partition is in use.
 */
export async function dropPartitions(store: PostgresStore, names: readonly string[], hold?: Statement): Promise<void> {
  for (const name of names) {
    await store.transaction(async (transaction) => {
      await transaction.run(waitBriefly);
      await transaction.query(lockFor("partitions"));
      if (hold) await transaction.query(hold);
      await transaction.run(`DROP TABLE IF EXISTS ${name}`);
    });
  }
}

async function missingOf(queries: Queries, wanted: Partition[]): Promise<Partition[]> {
  const rows = await queries.query<{ name: string }>(findMissing, [wanted.map(({ name }) => name)]);
  const missing = new Set(rows.map(({ name }) => name));
  return wanted.filter(({ name }) => missing.has(name));
}

/** Makes a table and attaches it. A table made as a partition would wait for all readers, and new readers for it. */
async function create(transaction: Transaction, { table, name, from, until }: Partition): Promise<void> {
  await transaction.run(`CREATE TABLE ${name} (LIKE ${table} INCLUDING ALL);
    ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM ('${from}') TO ('${until}')`);
}

function partitionsOf(tables: MonthlyTables, first: Date, last: Date): Partition[] {
  const partitions: Partition[] = [];
  let month = startOfMonth(first, 0);
  while (month <= last) {
    const next = startOfMonth(month, 1);
    for (const [table, bound] of Object.entries(tables)) {
      const [from, until] = [toKey(month, bound), toKey(next, bound)];
      partitions.push({ table, name: `${table}_${suffixOf(month)}`, from, until });
    }
    month = next;
  }
  return partitions;
}

/** The lowest key of a moment. */
function toKey(time: Date, bound: Bound): string {
  if (bound === "time") return time.toISOString();
  return `${time.getTime().toString(16).padStart(12, "0")}00000000000000000000`;
}

function suffixOf(month: Date): string {
  return month.toISOString().slice(0, 7).replace("-", "_");
}

/** The start of the month that is `after` months after the month of `time`. */
export function startOfMonth(time: Date, after: number): Date {
  return new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + after));
}
