import type { Logger } from "../../telemetry/log/log.js";
import { PostgresError } from "./errors.js";
import { lockFor } from "./locks.js";
import { type Migration, readMigrations } from "./read-migrations.js";
import type { Queries, Statement, Transaction } from "./session.js";
import type { PostgresStore } from "./store.js";

/** The place of a database: the last migration that was applied, and the highest {@link Migration.safeFrom}. */
export interface SchemaPlace {
  at: number;
  safeFrom: number;
}

const createTable = `CREATE TABLE IF NOT EXISTS posta_migrations (
  number integer PRIMARY KEY,
  name text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(),
  safe_from integer NOT NULL DEFAULT 0
)`;
/** Posta 0.1.0 made the table without this column. */
const addSafeFrom = "ALTER TABLE posta_migrations ADD COLUMN IF NOT EXISTS safe_from integer NOT NULL DEFAULT 0";
/** Reads the row as JSON, so that a table without the column can be read too. */
const readPlace: Statement = {
  name: "read-schema",
  text: `SELECT coalesce(max(number), 0) AS at, coalesce(max((to_jsonb(posta_migrations) ->> 'safe_from')::integer), 0) AS "safeFrom"
    FROM posta_migrations`,
};
const recordApplied: Statement = {
  name: "record-migration",
  text: "INSERT INTO posta_migrations (number, name) VALUES ($1, $2)",
};
const recordContract: Statement = {
  name: "record-contract",
  text: "UPDATE posta_migrations SET safe_from = $2 WHERE number = $1",
};

/**
 * A migration waits for a table no longer than this, because later calls wait behind it. Then the migration is tried
 * again. The wait is longer than deadlock_timeout (1 s), after which PostgreSQL ends an autovacuum that is in the way.
 */
const waitForTables = "SET LOCAL lock_timeout = '2s'";
/** PostgreSQL notices within this time that a migrating process is gone, and undoes the migration. Others can go on. */
const noticeLoss: Statement = { name: "notice-loss", text: "SET client_connection_check_interval = '1s'" };

const undefinedTable = "42P01";
/** SQLSTATEs of SQL that cannot work, however often it is tried. */
const wrong = /^(0A|22|23|42)/;

/**
 * A migration that PostgreSQL refuses. The message names the migration, and is for everybody. `reason` is PostgreSQL's
 * message, for the log.
 */
export class MigrationError extends Error {
  override readonly name = "MigrationError";

  constructor(
    migration: string,
    readonly reason: string,
    cause: unknown,
  ) {
    super(`migration ${migration} fails`, { cause });
  }
}

/** Reads the place of a database. It is 0 if no Posta has used the database. Throws a PostgresError. */
export async function readSchema(queries: Queries): Promise<SchemaPlace> {
  try {
    const [place] = await queries.query<SchemaPlace>(readPlace);
    return place as SchemaPlace;
  } catch (error) {
    if (stateOf(error) === undefinedTable) return { at: 0, safeFrom: 0 };
    throw error;
  }
}

/**
 * Brings the database to the schema that this version of Posta needs. A newer schema stays as it is. Each migration
 * runs in a transaction of its own, and once, however many processes start at a time. Throws a {@link MigrationError}
 * for a migration that can never work, and a PostgresError if it may work later. `stopping` undoes the current one.
 */
export async function migrate(
  store: PostgresStore,
  log: Logger,
  migrations: readonly Migration[] = readMigrations(),
  stopping?: AbortSignal,
): Promise<void> {
  const session = await store.session();
  const close = () => void session.close();
  stopping?.addEventListener("abort", close, { once: true });
  try {
    await session.query(noticeLoss);
    for (;;) {
      const applied = await session.transaction((transaction) => applyNext(transaction, migrations));
      if (!applied) return;
      log.info(`migration ${applied.name} is applied`);
    }
  } finally {
    stopping?.removeEventListener("abort", close);
    await session.close();
  }
}

/** Holds the lock until the transaction ends. A process that waited for it then finds the migration applied. */
async function applyNext(transaction: Transaction, migrations: readonly Migration[]): Promise<Migration | undefined> {
  await transaction.query(lockFor("migrations"));
  await transaction.run(createTable);
  const { at } = await readSchema(transaction);
  const next = migrations[at];
  if (!next) return undefined;
  await transaction.run(waitForTables);
  await transaction.run(next.sql).catch((error) => fail(next, error));
  await transaction.query(recordApplied, [next.number, next.name]);
  if (next.safeFrom > 0) {
    await transaction.run(addSafeFrom);
    await transaction.query(recordContract, [next.number, next.safeFrom]);
  }
  return next;
}

function fail({ name }: Migration, error: unknown): never {
  const { cause } = error as PostgresError;
  if (!wrong.test(stateOf(error) ?? "")) throw error;
  throw new MigrationError(name, (cause as Error).message, cause);
}

/** PostgreSQL's SQLSTATE; undefined for an error that it did not send. */
function stateOf(error: unknown): string | undefined {
  return error instanceof PostgresError ? (error.cause as { code?: string } | undefined)?.code : undefined;
}
