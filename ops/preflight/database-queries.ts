import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { HistoryFiller, monthHours } from "../../perf/bench/analytics-history.js";
import { fillMonth } from "../../perf/bench/message-month.js";
import { startPosta } from "../../perf/bench/processes.js";
import { startStandIn } from "../../perf/bench/whatsapp.js";
import { type Finding, toFinding } from "./check.js";
import { callAll, eventName } from "./database-calls.js";
import { port } from "./ports.js";
import { PlanLog, type QueryPlan } from "./query-plans.js";

const messages = 200_000;
/** With a month of each that is 72,000 hours. */
const seriesOfName = 99;
/** Of each other table that grows: waiting jobs, messages that are to be sent next month, keys, dead letters. */
const others = 50_000;
/** Sweeps and upkeep run every 5 s. */
const backgroundMs = 12_000;
/** Two servers and a delivery process, with one that it leads by. */
const leastConnections = 4;
const patienceMs = 20_000;
/** There are more; fewer would mean that they were not found. */
const leastStatements = 25;

/** Of a large table a statement reads less than this share of its rows. */
const largeShare = 0.25;

/** PostgreSQL's own view of the tables: those that a statement must not read whole. */
const largeTables = `SELECT relname AS name, reltuples::int AS rows FROM pg_class
  WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND reltuples >= 10000`;

const fills = [
  `INSERT INTO message_events (message_id, status) SELECT id, status FROM messages LIMIT ${messages}`,
  `INSERT INTO message_keys (sender, key, message_id, digest)
    SELECT sender, 'key-' || row_number() OVER (), id, '' FROM messages LIMIT ${others}`,
  `INSERT INTO outbox (message_id, sender, priority, due_at)
    SELECT id, sender, priority, now() + interval '30 days' FROM messages LIMIT ${others}`,
  `INSERT INTO dead_letters (id, kind, source, ref, reason, content, options, history, failed_at)
    SELECT id, 1 + row_number() OVER () % 2, sender, id::text, 'bench', '{}', '{"name":"bench"}', '[]', now() FROM messages LIMIT ${others}`,
  `INSERT INTO spool (queue, job_id, name, data, options)
    SELECT 'preflight-spool', 'job-' || i, 'bench', to_json(repeat('x', 1000))::text, '{}' FROM generate_series(1, ${others}) AS i`,
  "VACUUM ANALYZE",
];

/**
 * Makes every call on tables as large as in production, lets what runs in the background run, and asks PostgreSQL by which way
 * it finds the rows of each statement that Posta has run.
 */
export async function checkQueries(): Promise<Finding> {
  const standIn = await startStandIn(0);
  try {
    const posta = await startPosta(port, [], { ...standIn.settings, POSTA_LOG_LEVEL: "error" });
    try {
      return await reviewQueries(posta.postgresDir);
    } finally {
      await posta.stop();
    }
  } finally {
    await standIn.stop();
  }
}

async function reviewQueries(postgresDir: string): Promise<Finding> {
  const history = await HistoryFiller.open(postgresDir);
  const client = new pg.Client(`postgresql:///postgres?host=${encodeURIComponent(postgresDir)}&user=posta`);
  await client.connect();
  try {
    await fillMonth(client, messages);
    await history.fill(eventName, seriesOfName, history.until - monthHours, history.until);
    const large = new Map<string, number>();
    for (const fill of fills) {
      await client.query(fill);
      // Before what waits in the spool has gone.
      const { rows } = await client.query<{ name: string; rows: number }>(largeTables);
      for (const table of rows) large.set(table.name, table.rows);
    }
    const plans = await PlanLog.begin(client, join(postgresDir, "postgres.log"));
    await untilConnected(client);
    await callAll(port, history.until);
    await sleep(backgroundMs);
    return judgeQueries(plans.read(), large);
  } finally {
    await client.end();
    await history.close();
  }
}

/** Until servers and delivery have connections again. */
async function untilConnected(client: pg.Client): Promise<void> {
  const count = "SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'posta'";
  const until = Date.now() + patienceMs;
  for (;;) {
    const { rows } = await client.query<{ count: number }>(count);
    if ((rows[0]?.count ?? 0) >= leastConnections) return;
    if (Date.now() > until) throw new Error("Posta does not connect to PostgreSQL again");
    await sleep(100);
  }
}

/** None reads a large table, or much of it, whether from its beginning to its end or by an index. */
export function judgeQueries(plans: readonly QueryPlan[], large: ReadonlyMap<string, number>): Finding {
  const whole = plans.flatMap(({ statement, rows }) =>
    [...rows]
      .filter(([table, count]) => large.has(table) && count >= largeShare * (large.get(table) as number))
      .map(([table, count]) => `${describe(count)} of ${table} by "${shorten(statement)}"`),
  );
  const evidence = [
    `${plans.length} statements of Posta on ${large.size} tables of 10,000 rows and more`,
    whole.length === 0 ? `none reads ${largeShare * 100}% of one` : `read: ${whole.join(", ")}`,
  ].join("; ");
  const sound = whole.length === 0 && plans.length >= leastStatements;
  return toFinding(sound, evidence, "give what reads so much a limit, and an index that begins with what it asks for");
}

function describe(rows: number): string {
  return Number.isFinite(rows) ? `${rows.toLocaleString("en")} rows` : "the whole";
}

function shorten(statement: string): string {
  const line = statement.replace(/\s+/g, " ").trim();
  return line.length > 120 ? `${line.slice(0, 120)}...` : line;
}
