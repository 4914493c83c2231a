import type { Logger } from "../../telemetry/log/log.js";
import { PostgresError } from "./errors.js";
import { lockFor } from "./locks.js";
import { type Migration, readMigrations } from "./migrations.js";
import type { Queries, Statement, Transaction } from "./session.js";
import type { PostgresStore } from "./store.js";

/** Where a database is: the last migration that was applied, and {@link Migration.safeFrom} of all of them. */
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
/** Posta 0.1.0 began without it. */
const addSafeFrom = "ALTER TABLE posta_migrations ADD COLUMN IF NOT EXISTS safe_from integer NOT NULL DEFAULT 0";
/** As JSON, so that a table without the column can be read too. */
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
 * A migration waits for a table no longer than this, as all calls that come after wait behind it; then it is tried again.
 * Longer than deadlock_timeout (1 s), after which PostgreSQL ends an autovacuum that is in the way.
 */
const waitForTables = "SET LOCAL lock_timeout = '2s'";
/** PostgreSQL undoes a migration within so long after its process is gone, and another process can go on. */
const noticeLoss: Statement = { name: "notice-loss", text: "SET client_connection_check_interval = '1s'" };

const undefinedTable = "42P01";
/** Of an SQL that cannot work, however often it is tried. */
const wrong = /^(0A|22|23|42)/;

/** A migration that PostgreSQL refuses. The message names the migration, for everybody; `reason` is PostgreSQL's, for the log. */
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

/** Reads where a database is; 0 where no Posta has been. Throws a PostgresError. */
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
 * Brings the database to what this version of Posta needs, or leaves it where a newer one has brought it: each migration in a
 * transaction of its own, each once, however many processes start at a time. Throws a {@link MigrationError} for one that
 * can never work, a PostgresError for what may work later. `stopping` undoes the one that is under way.
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

/** The lock is held to the transaction's end: another starter then finds the migration applied. */
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
