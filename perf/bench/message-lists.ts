import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { fillMonth, recipientOf } from "./message-month.js";
import { runUnary } from "./unary.js";

const service = "posta.message.v1.MessageService";
const rows = Number(process.env.ROWS ?? 10_000_000);
const ratePerSecond = 200;

/** The statements that Posta's connections have run last. */
const ranStatements = `SELECT DISTINCT query FROM pg_stat_activity
  WHERE query LIKE '%FROM messages%id DESC LIMIT%' AND application_name = 'posta'`;

/** The P99 of ListMessages at a steady rate on ten million rows (ROWS=), and the plans by which it reads. */
export async function measureLists(port: number, postgresDir: string, durationMs: number) {
  const client = new pg.Client(`postgresql:///postgres?host=${encodeURIComponent(postgresDir)}&user=posta`);
  await client.connect();
  try {
    await fillMonth(client, rows);
    const load = { warmupMs: 2000, durationMs, ratePerSecond };
    const running = runUnary(port, service, "ListMessages", requests(), load);
    const statements = await collectStatements(client, running);
    const report = await running;
    await printPlans(client, statements);
    return { p99Ms: report.p99Ms, failures: report.failures };
  } finally {
    await client.end();
  }
}

/** Half of them by recipient, the rest by a common and a rare status. */
function requests(): object[] {
  return Array.from({ length: 1000 }, (_, index) => {
    if (index % 2 === 0) return { to: recipientOf(index * 104_729) };
    return { status: index % 4 === 1 ? "MESSAGE_STATUS_READ" : "MESSAGE_STATUS_UNKNOWN" };
  });
}

/** Looks at what the connections run until the load is over. */
async function collectStatements(client: pg.Client, load: Promise<unknown>): Promise<Set<string>> {
  const statements = new Set<string>();
  let isOver = false;
  const over = load.finally(() => {
    isOver = true;
  });
  over.catch(() => {}); // Whoever made the load hears of it.
  while (!isOver) {
    for (const { query } of (await client.query<{ query: string }>(ranStatements)).rows) statements.add(query);
    await sleep(20);
  }
  return statements;
}

async function printPlans(client: pg.Client, statements: ReadonlySet<string>): Promise<void> {
  for (const query of statements) {
    const { rows: lines } = await client.query<{ "QUERY PLAN": string }>(`EXPLAIN (GENERIC_PLAN, COSTS OFF) ${query}`);
    const plan = lines.map((line) => line["QUERY PLAN"]).join("\n");
    console.log(`\n${query.replace(/\s+/g, " ")}\n${plan}`);
    // Of the months beside it, which are empty, it may.
    if (plan.includes("Seq Scan on bench_messages")) throw new Error("ListMessages reads a whole table");
  }
  if (statements.size < 2) throw new Error("the statements of ListMessages were not found in pg_stat_activity");
}
