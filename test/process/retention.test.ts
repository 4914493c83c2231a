import { expect, it } from "vitest";
import { historyTables } from "../../src/analytics/history/monthly-tables.js";
import { readConfig } from "../../src/config/config.js";
import { deadLetterTables } from "../../src/dead-letter/dead-letter.js";
import { messageTables } from "../../src/message/record/monthly-tables.js";
import { dropOldMonths } from "../../src/process/retention.js";
import { ensurePartitions } from "../../src/store/postgres/partitions.js";
import { openDatabase } from "../../src/store/postgres/store.js";
import { createLog } from "../../src/telemetry/log/log.js";
import { createDatabase } from "../support/postgres.js";
import { useReleases } from "../support/releases.js";

const releases = useReleases();

const list = {
  name: "partitions-of-both",
  text: `SELECT right(relname, 7) AS month FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = ANY (ARRAY['messages', 'analytics_hours']::regclass[]) AND relname ~ $1 ORDER BY 1`,
};

it("keeps each store's months, this one among them, and says what it drops", async () => {
  const { url, drop } = await createDatabase();
  releases.push(drop);
  const log = createLog("test", "silent");
  const database = openDatabase(readConfig({ POSTA_DATABASE_URL: url }), log);
  releases.push(() => database.close());
  const [first, now] = [new Date("2001-01-15"), new Date("2001-07-31T23:00:00Z")];
  for (const tables of [messageTables, deadLetterTables, historyTables])
    await ensurePartitions(database, tables, first, now);
  const told: string[] = [];
  const listening = Object.assign(Object.create(log), { info: (text: string) => told.push(text) });
  const kept = { messageMonths: 5, analyticsMonths: 2 };
  await dropOldMonths(database, kept, now, listening, new AbortController().signal);
  const monthsOf = async (table: string) =>
    (await database.query<{ month: string }>(list, [`^${table}_2001`])).map(({ month }) => month);
  expect(await monthsOf("messages")).toEqual(["2001_03", "2001_04", "2001_05", "2001_06", "2001_07"]);
  expect(await monthsOf("analytics_hours")).toEqual(["2001_06", "2001_07"]);
  expect(told).toHaveLength(2);
  expect(told[0]).toMatch(/^dropped months older than POSTA_MESSAGE_MONTHS: .*messages_2001_02/);
  expect(told[1]).toMatch(/^dropped months older than POSTA_ANALYTICS_MONTHS: .*analytics_uniques_2001_05/);
});
