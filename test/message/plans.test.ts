import { afterEach, expect, it } from "vitest";
import { dropIdle, expire, forgetKeys, settleLost } from "../../src/message/outbox/sweep-statements.js";
import { applyStatement } from "../../src/message/webhook/apply-statuses.js";
import { findByWamidStatement } from "../../src/message/webhook/find-by-wamid.js";
import type { Statement } from "../../src/store/postgres/session.js";
import { createDeliveryFixture, type DeliveryFixture, sender } from "./delivery-fixture.js";

const expected = [
  ...["read-outbox-due", "read-outbox-forgotten", "mark-outbox-moved", "claim-messages", "settle-messages"],
  ...["expire-messages", "settle-lost-messages", "drop-idle-outbox", "forget-message-keys"],
  ...["apply-statuses", "find-by-wamid"],
];
const ownStatements = [expire, settleLost, dropIdle, forgetKeys, applyStatement, findByWamidStatement];
const statements = new Map(ownStatements.map((statement) => [statement.name, statement]));
let fixture: DeliveryFixture;
afterEach(() => fixture.stop());

/** A backlog over three months, all of it due and expired, and keys that nobody needs any more. */
const fill = [
  `INSERT INTO messages (id, sender, recipient, type, body, priority, resend, send_at, expires_at, status, status_at)
    SELECT (lpad(to_hex((extract(epoch FROM month + n * interval '10 s') * 1000)::bigint), 12, '0')
        || '70008' || lpad(to_hex(n), 15, '0'))::uuid, '${sender}', '49151' || n, 'text', '{}', 5, false, now(), now(),
      CASE n % 50 WHEN 0 THEN 20 ELSE 10 END, now() - interval '1 h'
    FROM generate_series(1, 100000) AS n,
      generate_series(date_trunc('month', now()) - interval '1 month', now() + interval '1 month', '1 month') AS month`,
  `INSERT INTO message_events (message_id, status) SELECT id, 10 FROM messages`,
  `INSERT INTO outbox (message_id, sender, priority, due_at, moved_at)
    SELECT id, sender, 5, now(), CASE WHEN random() < 0.5 THEN now() - interval '1 h' END FROM messages`,
  `INSERT INTO message_keys (sender, key, message_id, digest, created_at)
    SELECT sender, id, id, '', now() - interval '1 month' FROM messages`,
  "ANALYZE messages, message_events, outbox, message_keys",
];

/** Does some work in a process, to see with which statements. */
async function watch(): Promise<void> {
  const { postgres, stop } = await fixture.openProcess();
  const query = postgres.query.bind(postgres);
  postgres.query = (statement: Statement, values) => {
    statements.set(statement.name, statement);
    return query(statement, values);
  };
  await fixture.insert([{}, { moved: true, ageMs: 1000 }]);
  await fixture.until({ accepted: 2 });
  await stop();
}

/** Which of some tables a statement reads from end to end, whatever its values. */
async function findScans(name: string, tables: string[]): Promise<string[]> {
  const explain = `EXPLAIN (GENERIC_PLAN) ${statements.get(name)?.text}`;
  const plan = (await fixture.sql<{ "QUERY PLAN": string }>(explain)).map((row) => row["QUERY PLAN"]).join("\n");
  return (plan.match(/(?<=Seq Scan on )\S+/g) ?? []).filter((table) => tables.includes(table));
}

it("no statement of the delivery reads a table from end to end, however much waits", async () => {
  fixture = await createDeliveryFixture({ env: { POSTA_DATABASE_TIMEOUT: "60s" }, times: { forgottenAfterMs: 100 } });
  await watch();
  for (const text of fill) await fixture.sql(text);
  const large = "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= 100000";
  const tables = (await fixture.sql<{ relname: string }>(large)).map(({ relname }) => relname);
  expect(tables).toHaveLength(8); // Three months of messages and of their events, the outbox, the keys.
  const scans = Object.fromEntries(
    await Promise.all(expected.map(async (name) => [name, await findScans(name, tables)])),
  );
  expect(scans).toEqual(Object.fromEntries(expected.map((name) => [name, []])));
});
