import { once } from "node:events";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { SchemaKeeper, type SchemaOptions, type SchemaState } from "../../src/background/schema-keeper.js";
import { migrate } from "../../src/store/postgres/apply-migrations.js";
import { type Migration, readMigrations } from "../../src/store/postgres/read-migrations.js";
import { PostgresStore } from "../../src/store/postgres/store.js";
import { createLog } from "../../src/telemetry/log/log.js";
import { createDatabase } from "../support/postgres.js";

const log = createLog("test", "silent");
const shipped = readMigrations();
const next = shipped.length + 1;

/** The next migration, after those that there are. */
function andThen(sql: string, safeFrom = 0): Migration[] {
  return [...shipped, { number: next, name: `00${next}-next`, sql, safeFrom }];
}

async function openStore(url: string) {
  const store = new PostgresStore({ url, variable: "POSTA_DATABASE_URL", max: 4, timeoutMs: 5000 }, log);
  onTestFinished(() => store.close());
  store.open();
  await once(store, "usable");
  return store;
}

async function setup(options: SchemaOptions) {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  const store = await openStore(database.url);
  const schema = new SchemaKeeper(store, options, log);
  onTestFinished(() => schema.stop());
  const states: SchemaState["is"][] = [];
  schema.on("change", ({ is }) => states.push(is));
  const until = async (wanted: SchemaState["is"]) => {
    while (schema.state.is !== wanted) await once(schema, "change");
  };
  return { store, schema, states, until };
}

const column = {
  name: "column",
  text: "SELECT FROM pg_attribute WHERE attname = 'extra' AND attrelid = 'messages'::regclass",
};
const addColumn = "ALTER TABLE messages ADD COLUMN extra text";

describe("the schema", () => {
  it("is brought to what the process needs, and is ready then", async () => {
    const { store, schema, states } = await setup({ migrates: true, migrations: andThen(addColumn) });
    expect(store.schemaProblem).toMatch(/not looked at/);
    schema.start();
    await schema.untilUsable();
    expect(states).toEqual(["applying", "ready"]);
    expect(store.schemaProblem).toBeUndefined();
    expect(await store.query(column)).toHaveLength(1);
  });

  it("is waited for where another Posta migrates, and says so", async () => {
    const { store, schema, until } = await setup({ migrates: false, migrations: andThen(addColumn) });
    schema.start();
    await until("waiting");
    expect(schema.state.detail).toContain(
      `at migration ${next - 1}, and this Posta needs ${next}: POSTA_DELIVERIES is 0`,
    );
    await schema.untilUsable(50); // Not for ever, where nobody else serves.
    expect(schema.state.is).toBe("waiting");
    await migrate(store, log, andThen(addColumn));
    await schema.untilUsable();
    expect(schema.state.is).toBe("ready");
  });

  it("is not ready after a migration that fails: its state names it, and PostgreSQL's reason is in the log alone", async () => {
    const said = vi.spyOn(log, "error");
    onTestFinished(() => said.mockRestore());
    const { schema, until } = await setup({
      migrates: true,
      migrations: andThen("ALTER TABLE nothing ADD COLUMN a text"),
    });
    schema.start();
    await until("failed");
    expect(schema.state.detail).toMatch(/^migration 00\d-next fails; the log says why$/);
    expect(said.mock.calls).toEqual([
      [expect.stringMatching(/^migration 00\d-next fails: relation "nothing" does not exist/)],
    ]);
  });

  it("of a newer Posta is ready, unless that took away what this one uses", async () => {
    const { store, schema } = await setup({ migrates: true });
    await migrate(store, log, andThen("SELECT 1"));
    schema.start();
    await schema.untilUsable();
    expect(schema.state.is).toBe("ready");
    await migrate(store, log, [
      ...andThen("SELECT 1"),
      { number: next + 1, name: "contract", sql: "SELECT 1", safeFrom: next },
    ]);
    const old = new SchemaKeeper(store, { migrates: true }, log);
    onTestFinished(() => old.stop());
    old.start();
    await once(old, "change");
    expect(old.state).toMatchObject({
      is: "failed",
      detail: expect.stringContaining(`knows migration ${next} or later (this one knows ${next - 1})`),
    });
  });

  it("waits for a table that others use, and lets those who come after go on", { timeout: 30_000 }, async () => {
    const { store, schema, states } = await setup({ migrates: true, migrations: andThen(addColumn) });
    const held = await store.session();
    onTestFinished(() => held.close());
    const read = { name: "read-messages", text: "SELECT count(*) FROM messages" };
    await held.transaction(async (transaction) => {
      await transaction.query(read);
      schema.start();
      await once(schema, "change");
      // It stands behind the migration until that gives way; the store's time-out is 5 s.
      const waits = {
        name: "wait-behind",
        text: "SELECT FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'",
      };
      await expect.poll(() => store.query(waits), { interval: 10 }).toHaveLength(1);
      await store.query(read);
    });
    await schema.untilUsable();
    expect(states.at(-1)).toBe("ready");
  });

  it("is left as it was when the process stops in the middle of a migration", { timeout: 30_000 }, async () => {
    const { store, schema } = await setup({ migrates: true, migrations: andThen(`${addColumn}; SELECT pg_sleep(20)`) });
    schema.start();
    const sleeping = {
      name: "sleeping",
      text: "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()",
    };
    await expect.poll(() => store.query(sleeping)).toHaveLength(1);
    await schema.stop();
    await expect.poll(() => store.query(sleeping)).toHaveLength(0);
    expect(await store.query(column)).toEqual([]);
    await migrate(store, log, andThen(addColumn));
    expect(await store.query(column)).toHaveLength(1);
  });
});
