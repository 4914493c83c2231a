import { Gauge, type Registry } from "prom-client";
import type { PostaError } from "../../errors/posta-error.js";
import type { PostgresStore } from "./store.js";

/** A mean is taken over this many readings. They are taken every 5 s: together they span a minute. */
const readings = 12;

/** The calls and the time of each statement so far, by its id. */
type Totals = Map<string, { calls: number; ms: number }>;

/** PostgreSQL shows its start settings only to users who may see them. */
const look = {
  name: "statements-look",
  text: `SELECT to_regclass('pg_stat_statements') IS NOT NULL AS made, coalesce(
      (SELECT setting LIKE '%pg_stat_statements%' FROM pg_settings WHERE name = 'shared_preload_libraries'), false) AS loaded`,
};
const make = { name: "statements-make", text: "CREATE EXTENSION IF NOT EXISTS pg_stat_statements" };
/** The statements that took most time in all. A statement that was slow once, long ago, soon drops out. */
const readTotals = {
  name: "statement-totals",
  text: `SELECT queryid::text AS id, sum(calls)::float8 AS calls, sum(total_exec_time)::float8 AS ms
    FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    GROUP BY queryid ORDER BY ms DESC LIMIT 100`,
};

/**
 * Shows in /metrics how slow PostgreSQL's statements are, if PostgreSQL counts them (pg_stat_statements) and Posta may
 * read the counts. A timestamp shows how old the figures are. Returns the function that reads them.
 */
export function createStatementReader(postgres: PostgresStore, metrics: Registry): () => Promise<void> {
  const known = gauge(
    metrics,
    "posta_postgres_statements_known",
    "1: PostgreSQL has pg_stat_statements, and lets Posta read it.",
  );
  const slowest = gauge(
    metrics,
    "posta_postgres_slowest_statement_seconds",
    "The longest mean of a statement, over its calls in the last minute; 0 without calls.",
  );
  const readTime = gauge(
    metrics,
    "posta_postgres_statements_timestamp_seconds",
    "When PostgreSQL was last asked for them, since 1970.",
  );
  const past: Totals[] = [];
  return async () => {
    const totals = await read(postgres).catch(toNone);
    known.set(totals ? 1 : 0);
    if (totals) {
      past.push(totals);
      if (past.length > readings + 1) past.shift();
      slowest.set(slowestMean(past[0] as Totals, totals) / 1000);
    }
    readTime.set(Date.now() / 1000);
  };
}

/** Undefined if there are no totals. Makes the extension if nothing else is missing, as on a new database. */
async function read(postgres: PostgresStore): Promise<Totals | undefined> {
  const [found] = await postgres.query<{ made: boolean; loaded: boolean }>(look);
  if (!found?.made && !found?.loaded) return undefined;
  if (!found.made) await postgres.query(make);
  const rows = await postgres.query<{ id: string; calls: number; ms: number }>(readTotals);
  return new Map(rows.map(({ id, calls, ms }) => [id, { calls, ms }]));
}

/** A refusal is an answer: there are no totals. An unreachable PostgreSQL is still an error. */
function toNone(error: PostaError): undefined {
  if (error.code === "unavailable") throw error;
}

/** In milliseconds. A statement that is not in `before` counts from its first call. */
function slowestMean(before: Totals, now: Totals): number {
  const means = [...now].map(([id, { calls, ms }]) => {
    const { calls: oldCalls, ms: oldMs } = before.get(id) ?? { calls: 0, ms: 0 };
    return calls > oldCalls ? (ms - oldMs) / (calls - oldCalls) : 0;
  });
  return Math.max(0, ...means);
}

/** Several delivery processes see the same database, so their figures must not be added up. */
function gauge(metrics: Registry, name: string, help: string): Gauge {
  return new Gauge({ name, help, aggregator: "max", registers: [metrics] });
}
