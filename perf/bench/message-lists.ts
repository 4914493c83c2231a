import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { runUnary } from "./unary.js";

const service = "posta.message.v1.MessageService";
const rows = Number(process.env.ROWS ?? 10_000_000);
const recipients = 1_000_000;
const ratePerSecond = 200;
const days = 20;

/** UUIDv7 as Posta makes them, spread over the days before the month's partition ends or now; one message in 10,000 is UNKNOWN. */
const fill = `INSERT INTO bench_messages (id, sender, recipient, type, body, priority, resend, send_at, status, status_at, attempts, wamid)
  SELECT (lpad(to_hex($1::bigint + (i::float8 / $3 * $2)::bigint), 12, '0') || '7' || substr(hash, 1, 3) || '8' || substr(hash, 4, 15))::uuid,
    '100000000000001', '346' || lpad((i * 7919 % $4)::text, 8, '0'), 'text', '{"type":"text","text":{"body":"bench"}}', 5, false,
    now(), CASE WHEN i % 10000 = 0 THEN 25 ELSE 60 END, now(), 1, 'wamid.' || hash
  FROM generate_series(1, $3::bigint) AS i, md5(i::text) AS hash`;

/** The statements that Posta's connections have run last. */
const ranStatements = `SELECT DISTINCT query FROM pg_stat_activity
  WHERE query LIKE '%FROM messages%id DESC LIMIT%' AND application_name = 'posta'`;

/** The P99 of ListMessages at a steady rate on ten million rows (ROWS=), and the plans by which it reads. */
export async function measureLists(port: number, postgresDir: string, durationMs: number) {
  const client = new pg.Client(`postgresql:///postgres?host=${encodeURIComponent(postgresDir)}&user=posta`);
  await client.connect();
  try {
    await fillMonth(client);
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

/** Into this month's partition, which is taken out meanwhile: its indexes are made in one go. */
async function fillMonth(client: pg.Client): Promise<void> {
  const begun = performance.now();
  const now = new Date();
  const month = now.toISOString().slice(0, 7).replace("-", "_");
  const [first, next] = [0, 1].map((after) => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + after)) as [
    number,
    number,
  ];
  const from = Math.max(first, Date.now() - days * 86_400_000);
  const bounds = [first, next].map((ms) => `'${ms.toString(16).padStart(12, "0")}${"0".repeat(20)}'`);
  await client.query("SET maintenance_work_mem = '512MB'");
  await client.query(`ALTER TABLE messages DETACH PARTITION messages_${month}`);
  await client.query("CREATE TABLE bench_messages (LIKE messages INCLUDING DEFAULTS INCLUDING CONSTRAINTS)");
  await client.query(fill, [from, Date.now() - from, rows, recipients]);
  await client.query("ALTER TABLE bench_messages ADD PRIMARY KEY (id)");
  await client.query("CREATE INDEX ON bench_messages (recipient, id)");
  await client.query("CREATE INDEX ON bench_messages (status, id)");
  await client.query(
    `ALTER TABLE messages ATTACH PARTITION bench_messages FOR VALUES FROM (${bounds[0]}) TO (${bounds[1]})`,
  );
  await client.query("VACUUM ANALYZE messages");
  await client.query("CHECKPOINT");
  console.log(
    `lists: ${rows.toLocaleString("en")} messages, made in ${((performance.now() - begun) / 1000).toFixed(0)} s`,
  );
}

/** Half of them by recipient, the rest by a common and a rare status. */
function requests(): object[] {
  return Array.from({ length: 1000 }, (_, index) => {
    if (index % 2 === 0) return { to: `346${String((index * 104_729) % recipients).padStart(8, "0")}` };
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
