import { Registry } from "prom-client";
import { describe, expect, it, onTestFinished } from "vitest";
import { watchStatements } from "../../src/background/statement-metrics.js";
import { readConfig } from "../../src/config/config.js";
import { openDatabase } from "../../src/store/postgres/store.js";
import { createLog } from "../../src/telemetry/log/log.js";
import { createDatabase, startPostgres } from "../support/postgres.js";

/** What is watched in a database; `value` reads a metric of it. */
async function watch(url: string) {
  const log = createLog("test", "silent");
  const store = openDatabase(readConfig({ POSTA_DATABASE_URL: url }), log);
  const metrics = new Registry();
  const loop = watchStatements(store, metrics, log);
  onTestFinished(() => store.close());
  onTestFinished(() => loop.stop());
  const value = async (name: string) =>
    (await metrics.getSingleMetric(`posta_postgres_${name}`)?.get())?.values[0]?.value ?? 0;
  return {
    store,
    loop,
    value,
    start: async () => {
      loop.start();
      await expect.poll(() => value("statements_timestamp_seconds")).toBeGreaterThan(0);
    },
  };
}

describe("the figures of PostgreSQL's statements", () => {
  it("are those of its extension, which is made where PostgreSQL was started with it", async () => {
    const postgres = await startPostgres({ shared_preload_libraries: "pg_stat_statements" });
    onTestFinished(() => postgres.stop());
    const { start, loop, store, value } = await watch(postgres.url);
    await start();
    expect(await value("statements_known")).toBe(1);
    await store.query({ name: "slow", text: "SELECT pg_sleep(0.2)::text" });
    const first = await value("statements_timestamp_seconds");
    loop.wake();
    await expect.poll(() => value("statements_timestamp_seconds")).toBeGreaterThan(first);
    expect(await value("slowest_statement_seconds")).toBeGreaterThan(0.19);
    expect(await value("slowest_statement_seconds")).toBeLessThan(5);
  });

  it("are none where PostgreSQL counts none, and that is known", async () => {
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    const { start, value } = await watch(database.url);
    await start();
    expect(await value("statements_known")).toBe(0);
  });

  it("are none where PostgreSQL refuses them, and that is known", async () => {
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    const { start, store, value } = await watch(database.url);
    await store.query({ name: "make", text: "CREATE EXTENSION pg_stat_statements" });
    await start();
    expect(await value("statements_known")).toBe(0);
  });
});
