import { lockFor, waitBriefly } from "./locks.js";
import type { Queries, Statement, Transaction } from "./session.js";
import type { PostgresStore } from "./store.js";

/** Tables that are parted by month (UTC): by a time, or by a UUIDv7, which begins with the time in milliseconds. */
const families = {
  analytics: { analytics_hours: "time", analytics_uniques: "time" },
  messages: { messages: "id", message_events: "id", dead_letters: "id", inbound_messages: "time" },
} as const;

type Family = keyof typeof families;
type Bound = "time" | "id";

interface Partition {
  table: string;
  name: string;
  /** Its month's first moment, and the next month's, as the table's key has them. */
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

const listPartitions: Statement = {
  name: "list-partitions",
  text: `SELECT relname AS name FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = ANY (SELECT name::regclass FROM unnest($1::text[]) AS name)`,
};

/**
 * Makes what is missing of a family's partitions for the months from that of `first` to that of `last`. Any number of
 * processes may do so at a time, and as often as they like: where nothing is missing it costs one look.
 */
export async function ensurePartitions(store: PostgresStore, family: Family, first: Date, last: Date): Promise<void> {
  const wanted = partitionsOf(family, first, last);
  if ((await missingOf(store, wanted)).length === 0) return;
  await store.transaction(async (transaction) => {
    await transaction.query(lockFor("partitions"));
    // Whoever had the lock before may have made them.
    for (const partition of await missingOf(transaction, wanted)) await create(transaction, partition);
  });
}

/**
 * Makes those that may be written into soon: of the analytics from the watermark's month to the next one; of messages from
 * the month before, which jobs that failed days ago belong to.
 */
export async function keepPartitions(store: PostgresStore, now: Date): Promise<void> {
  const [row] = await store.query<{ at: Date }>(readWatermark);
  await ensurePartitions(store, "analytics", row?.at ?? now, startOfMonth(now, 1));
  await ensurePartitions(store, "messages", startOfMonth(now, -1), startOfMonth(now, 1));
}

/** The first moment that is kept of what is kept for so many months, the one of `now` among them. */
export function oldestKept(now: Date, months: number): Date {
  return startOfMonth(now, 1 - months);
}

/** The names of a family's partitions whose month ended before the one of `kept`. */
export async function listOldPartitions(store: PostgresStore, family: Family, kept: Date): Promise<string[]> {
  const oldest = suffixOf(kept);
  const rows = await store.query<{ name: string }>(listPartitions, [Object.keys(families[family])]);
  return rows.map(({ name }) => name).filter((name) => name.slice(-oldest.length) < oldest);
}

/**
 * Drops partitions, each under `hold`: a lock of those who would be long. Any number of processes may do so at a time. Throws
 * unavailable if one is in use.
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

/** Attached, not made as a partition: that would have to wait for all who read the table, and they for it. */
async function create(transaction: Transaction, { table, name, from, until }: Partition): Promise<void> {
  await transaction.run(`CREATE TABLE ${name} (LIKE ${table} INCLUDING ALL);
    ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM ('${from}') TO ('${until}')`);
}

function partitionsOf(family: Family, first: Date, last: Date): Partition[] {
  const partitions: Partition[] = [];
  let month = startOfMonth(first, 0);
  while (month <= last) {
    const next = startOfMonth(month, 1);
    for (const [table, bound] of Object.entries(families[family])) {
      const [from, until] = [toKey(month, bound), toKey(next, bound)];
      partitions.push({ table, name: `${table}_${suffixOf(month)}`, from, until });
    }
    month = next;
  }
  return partitions;
}

/** A moment as the least key of it. */
function toKey(time: Date, bound: Bound): string {
  if (bound === "time") return time.toISOString();
  return `${time.getTime().toString(16).padStart(12, "0")}00000000000000000000`;
}

function suffixOf(month: Date): string {
  return month.toISOString().slice(0, 7).replace("-", "_");
}

/** The start of the month that is so many after the time's. */
function startOfMonth(time: Date, after: number): Date {
  return new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + after));
}
