import pg from "pg";
import { Registry } from "prom-client";
import { describe, expect, it, onTestFinished } from "vitest";
import { readConfig } from "../../../src/config/config.js";
import { createStatementReader } from "../../../src/store/postgres/statement-metrics.js";
import { openDatabase } from "../../../src/store/postgres/store.js";
import { createLog } from "../../../src/telemetry/log/log.js";
import { createDatabase, startPostgres } from "../../support/postgres.js";

/** The figures of a database: `read` reads them as the background task does; `value` shows a metric. */
async function open(url: string) {
  const store = openDatabase(readConfig({ POSTA_DATABASE_URL: url }), createLog("test", "silent"));
  onTestFinished(() => store.close());
  const metrics = new Registry();
  const read = createStatementReader(store, metrics);
  const value = async (name: string) =>
    (await metrics.getSingleMetric(`posta_postgres_${name}`)?.get())?.values[0]?.value ?? 0;
  expect(await value("statements_timestamp_seconds")).toBe(0);
  await read();
  expect(await value("statements_timestamp_seconds")).toBeGreaterThan(0);
  return { store, read, value };
}

describe("the figures of PostgreSQL's statements", () => {
  it("are those of its extension, which is made where PostgreSQL was started with it", async () => {
    const postgres = await startPostgres({ shared_preload_libraries: "pg_stat_statements" });
    onTestFinished(() => postgres.stop());
    const { read, store, value } = await open(postgres.url);
    expect(await value("statements_known")).toBe(1);
    await store.query({ name: "slow", text: "SELECT pg_sleep(0.2)::text" });
    const first = await value("statements_timestamp_seconds");
    await read();
    expect(await value("statements_timestamp_seconds")).toBeGreaterThan(first);
    expect(await value("slowest_statement_seconds")).toBeGreaterThan(0.19);
    expect(await value("slowest_statement_seconds")).toBeLessThan(5);
  });

  it("are none where PostgreSQL counts none, and that is known", async () => {
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    const { value } = await open(database.url);
    expect(await value("statements_known")).toBe(0);
  });

  it("are none where PostgreSQL refuses them, and that is known", async () => {
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    const admin = new pg.Client(database.url);
    await admin.connect();
    await admin.query("CREATE EXTENSION pg_stat_statements").finally(() => admin.end());
    const { value } = await open(database.url);
    expect(await value("statements_known")).toBe(0);
  });
});
