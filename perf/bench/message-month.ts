import type pg from "pg";

const recipients = 1_000_000;
const days = 20;

/** One of those that the messages are to. */
export function recipientOf(index: number): string {
  return `346${String(index % recipients).padStart(8, "0")}`;
}

/** UUIDv7 as Posta makes them, spread over the days before the month's partition ends or now; one message in 10,000 is UNKNOWN. */
const fill = `INSERT INTO bench_messages (id, sender, recipient, type, body, priority, resend, send_at, status, status_at, attempts, wamid)
  SELECT (lpad(to_hex($1::bigint + (i::float8 / $3 * $2)::bigint), 12, '0') || '7' || substr(hash, 1, 3) || '8' || substr(hash, 4, 15))::uuid,
    '100000000000001', '346' || lpad((i * 7919 % $4)::text, 8, '0'), 'text', '{"type":"text","text":{"body":"bench"}}', 5, false,
    now(), CASE WHEN i % 10000 = 0 THEN 25 ELSE 60 END, now(), 1, 'wamid.' || hash
  FROM generate_series(1, $3::bigint) AS i, md5(i::text) AS hash`;

/**
 * So many messages in this month's partition, which is taken out meanwhile: its indexes are made in one go. Their ids are
 * spread over the last days of the month.
 */
export async function fillMonth(client: pg.Client, rows: number): Promise<void> {
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
  console.log(`messages: ${rows.toLocaleString("en")}, made in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
}
