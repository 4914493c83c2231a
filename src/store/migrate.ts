import { readdirSync, readFileSync } from "node:fs";
import { ConfigError } from "../config.js";
import type { Logger } from "../log.js";
import { lockFor } from "./locks.js";
import type { PostgresStore } from "./postgres.js";
import type { Statement, Transaction } from "./postgres-session.js";

interface Migration {
  number: number;
  name: string;
  sql: string;
}

const folder = new URL("./migrations/", import.meta.url);

const createTable = `CREATE TABLE IF NOT EXISTS posta_migrations (
  number integer PRIMARY KEY,
  name text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
)`;
const readApplied: Statement = {
  name: "read-migrations",
  text: "SELECT coalesce(max(number), 0) AS number FROM posta_migrations",
};
const recordApplied: Statement = {
  name: "record-migration",
  text: "INSERT INTO posta_migrations (number, name) VALUES ($1, $2)",
};

/**
 * Brings the database to what this version of Posta needs: each migration in a transaction of its own, each once, however
 * many processes start at a time. Throws a {@link ConfigError} for a database that a newer Posta has changed.
 */
export async function migrate(store: PostgresStore, log: Logger): Promise<void> {
  const migrations = readMigrations();
  const session = await store.session();
  try {
    for (;;) {
      const applied = await session.transaction((transaction) => applyNext(transaction, migrations));
      if (!applied) return;
      log.info(`migration ${applied.name} is applied`);
    }
  } finally {
    await session.close();
  }
}

/** The lock is held to the transaction's end: another starter then finds the migration applied. */
async function applyNext(transaction: Transaction, migrations: Migration[]): Promise<Migration | undefined> {
  await transaction.query(lockFor("migrations"));
  await transaction.run(createTable);
  const [last] = await transaction.query<{ number: number }>(readApplied);
  const at = last?.number ?? 0;
  if (at > migrations.length) {
    throw new ConfigError(
      `POSTA_DATABASE_URL: the database is at migration ${at}, and this version of Posta knows ${migrations.length}; run the version that made it, or a later one`,
    );
  }
  const next = migrations[at];
  if (!next) return undefined;
  await transaction.run(next.sql);
  await transaction.query(recordApplied, [next.number, next.name]);
  return next;
}

/** In order; the files are numbered from 001 without a gap. */
function readMigrations(): Migration[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(".sql"));
  return files.sort().map((file, index) => {
    const number = Number.parseInt(file, 10);
    if (number !== index + 1) throw new Error(`src/store/migrations/${file}: its number should be ${index + 1}`);
    return { number, name: file.replace(/\.sql$/, ""), sql: readFileSync(new URL(file, folder), "utf8") };
  });
}
