import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { historyTables } from "../../../src/analytics/history/monthly-tables.js";
import { readConfig } from "../../../src/config/config.js";
import { keepPartitions } from "../../../src/process/retention.js";
import { migrate, readSchema } from "../../../src/store/postgres/apply-migrations.js";
import { ensurePartitions } from "../../../src/store/postgres/partitions.js";
import { openDatabase, type PostgresStore } from "../../../src/store/postgres/store.js";
import { createLog } from "../../../src/telemetry/log/log.js";
import { createDatabase } from "../../support/postgres.js";
import { useReleases } from "../../support/releases.js";

const log = createLog("test", "silent");
const releases = useReleases(afterAll);
let stores: PostgresStore[];
let store: PostgresStore;

/** Several starters on one empty database. */
beforeAll(async () => {
  const database = await createDatabase({ migrated: false });
  releases.push(() => database.drop());
  stores = [1, 2, 3, 4].map(() => openDatabase(readConfig({ POSTA_DATABASE_URL: database.url }), log));
  for (const opened of stores) releases.push(() => opened.close());
  store = stores[0] as PostgresStore;
});

const applied = { name: "applied", text: "SELECT number, name FROM posta_migrations ORDER BY number" };
const partitions = {
  name: "partitions",
  text: "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent IN ('analytics_hours'::regclass, 'analytics_uniques'::regclass) ORDER BY 1",
};

describe("migrations", () => {
  it("are each applied once, by several starters at a time", async () => {
    await Promise.all(stores.map((starter) => migrate(starter, log)));
    expect(await store.query(applied)).toEqual([
      { number: 1, name: "001-analytics" },
      { number: 2, name: "002-messages" },
      { number: 3, name: "003-analytics-days" },
      { number: 4, name: "004-spool-queues" },
      { number: 5, name: "005-request-ids" },
      { number: 6, name: "006-installation" },
    ]);
    await migrate(store, log);
    expect(await store.query(applied)).toHaveLength(6);
  });

  it("leave the watermark at a whole hour, before any that Redis may hold", async () => {
    const read = { name: "watermark", text: "SELECT rolled_until AS at FROM analytics_rollup" };
    const [row] = await store.query<{ at: Date }>(read);
    const at = (row as { at: Date }).at.getTime();
    expect(at % 3_600_000).toBe(0);
    expect(Date.now() - at).toBeGreaterThan(6 * 24 * 3_600_000);
  });

  it("leave a database where a newer Posta has brought it", async () => {
    const name = "set-newer";
    await store.query({ name, text: "INSERT INTO posta_migrations (number, name) VALUES (7, '007-later')" });
    await migrate(store, log);
    expect(await readSchema(store)).toEqual({ at: 7, safeFrom: 0 });
    await store.query({ name: "unset-newer", text: "DELETE FROM posta_migrations WHERE number = 7" });
  });
});

describe("partitions", () => {
  const [first, last] = [new Date("2026-11-30T23:59:00Z"), new Date("2027-01-01T00:00:00Z")];

  it("are made for each month of a range, once, by several callers at a time", async () => {
    await Promise.all(stores.map((caller) => ensurePartitions(caller, historyTables, first, last)));
    await ensurePartitions(store, historyTables, first, last);
    const months = ["2026_11", "2026_12", "2027_01"];
    const names = ["analytics_hours", "analytics_uniques"].flatMap((table) =>
      months.map((month) => `${table}_${month}`),
    );
    expect((await store.query<{ name: string }>(partitions)).map(({ name }) => name)).toEqual(names);
  });

  it("take the rows of their month, with the keys of the whole table", async () => {
    const text = `INSERT INTO analytics_hours SELECT 1, $1, 2, 0, array_fill(0, '{60}'), NULL
      ON CONFLICT (series_id, hour) DO UPDATE SET events = excluded.events RETURNING tableoid::regclass::text AS name`;
    const add = (hour: string) => store.query({ name: "add-hour", text }, [hour]);
    expect(await add("2026-11-30T23:00:00Z")).toEqual([{ name: "analytics_hours_2026_11" }]);
    expect(await add("2026-12-01T00:00:00Z")).toEqual([{ name: "analytics_hours_2026_12" }]);
    expect(await add("2026-12-01T00:00:00Z")).toEqual([{ name: "analytics_hours_2026_12" }]);
  });

  it("are made while others read the table", async () => {
    await store.transaction(async (transaction) => {
      await transaction.query({ name: "read-hours", text: "SELECT count(*) FROM analytics_hours" });
      await ensurePartitions(store, historyTables, last, new Date("2027-02-01T00:00:00Z"));
    });
    expect(await store.query(partitions)).toHaveLength(8);
  });

  it("are kept from the watermark's month to the next one", async () => {
    await keepPartitions(store, new Date("2027-06-30T23:00:00Z"));
    const names = (await store.query<{ name: string }>(partitions)).map(({ name }) => name);
    expect(names).toContain("analytics_hours_2027_07");
    expect(names).not.toContain("analytics_hours_2027_08");
  });
});
