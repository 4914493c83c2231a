import type { Client, ClientBase } from "pg";
import { PostgresError, toPostgresError, toUnreachable } from "./errors.js";

/** How long a server may take to say goodbye. */
const closeMs = 2000;

/**
 * Plans must not depend on the values. PostgreSQL would plan anew for each, and where its statistics are older than a burst, or it
 * cannot estimate a condition, sort a million rows instead of reading fifty in the order of their index. This way a statement
 * is planned once for a connection, and what a review of the plans finds is what runs.
 */
const planOnce = "SET plan_cache_mode = force_generic_plan";

/**
 * A plan that was made once leaves out partitions when it runs. PostgreSQL 18 ends with a segmentation fault where such a plan locks a
 * row that another has just changed. So statements that change messages do not leave out partitions: they are read by an index
 * of each, and there are as many as months of messages.
 */
const keepPartitions = "SET enable_partition_pruning = off";
/** The same until the end of a transaction. */
export const keepPartitionsHere = "SET LOCAL enable_partition_pruning = off";

/** How the statements of a connection are planned. `locksRows`: they lock rows that others may change at the same time. */
export function planSettings(locksRows: boolean): string {
  return locksRows ? `${planOnce}; ${keepPartitions}` : planOnce;
}

/** An SQL statement. A connection plans it once, under its name: one name, one text. */
export interface Statement {
  name: string;
  text: string;
}

/** What runs statements: the store, a transaction, a session. Each may throw a PostgresError. */
export interface Queries {
  /** 64-bit integers come as numbers, times as Date. */
  query<Row extends object>(statement: Statement, values?: unknown[]): Promise<Row[]>;
}

export interface Transaction extends Queries {
  /** Runs SQL as it is, several statements too: for what is run once. */
  run(sql: string): Promise<void>;
}

/** One connection of its own. */
export interface Session extends Queries {
  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>;
  /** Aborted when the connection is lost, and with it all that the session held. */
  readonly lost: AbortSignal;
  /** Nothing that it was asked for is under way. */
  readonly isIdle: boolean;
  /** Tells of each NOTIFY on a channel, for as long as the session lasts. */
  listen(channel: string, onNotify: () => void): Promise<void>;
  close(): Promise<void>;
}

/** How long a session waits for an answer before its connection counts as lost, in milliseconds. */
export interface Patience {
  query: number;
  /** For each statement of a transaction. */
  transaction: number;
}

/** What runs statements on one connection; `timeoutMs` is how long to wait for an answer, in place of the connection's own. */
export function queriesOn(client: ClientBase, timeoutMs?: number): Transaction {
  const limit = timeoutMs === undefined ? {} : { query_timeout: timeoutMs };
  return {
    async query<Row extends object>(statement: Statement, values: unknown[] = []) {
      const { rows } = await client.query<Row>({ ...statement, ...limit, values }).catch(fail);
      return rows;
    },
    run: async (sql) => void (await client.query({ ...limit, text: sql }).catch(fail)),
  };
}

/** Runs `work` between BEGIN and COMMIT; whatever it throws undoes all. */
export async function transact<Result>(
  client: ClientBase,
  work: (transaction: Transaction) => Promise<Result>,
  timeoutMs?: number,
): Promise<Result> {
  const transaction = queriesOn(client, timeoutMs);
  await transaction.run("BEGIN");
  try {
    const result = await work(transaction);
    if (!(await commit(client, timeoutMs)))
      throw new Error("a statement of the transaction had failed: it was rolled back");
    return result;
  } catch (error) {
    // A lost connection is rolled back by PostgreSQL itself.
    if (!(error instanceof PostgresError && error.lost)) await transaction.run("ROLLBACK");
    throw error;
  }
}

/** False if it was a rollback. */
async function commit(client: ClientBase, timeoutMs?: number): Promise<boolean> {
  const limit = timeoutMs === undefined ? {} : { query_timeout: timeoutMs };
  const { command } = await client.query({ ...limit, text: "COMMIT" }).catch(fail);
  return command === "COMMIT";
}

/** Connects a client, and makes a session of it. Without `patience` it waits for as long as an answer takes. */
export async function beginSession(client: Client, locksRows: boolean, patience?: Patience): Promise<Session> {
  const loss = new AbortController();
  client.on("error", () => {}); // `end` follows.
  client.once("end", () => loss.abort());
  const cut = () => void client.connection.stream.destroy();
  const { query, run } = queriesOn(client, patience?.query);
  try {
    await client.connect();
    await run(planSettings(locksRows));
  } catch (error) {
    cut();
    throw toUnreachable(error);
  }

  /** A connection that is silent does not end by itself. */
  const cutIfLost = (error: unknown): never => {
    if (error instanceof PostgresError && error.lost) cut();
    throw error;
  };

  let underWay = 0;
  const track = async <Result>(work: Promise<Result>): Promise<Result> => {
    underWay += 1;
    return work.catch(cutIfLost).finally(() => {
      underWay -= 1;
    });
  };

  return {
    query: (statement, values) => track(query<never>(statement, values)),
    transaction: (work) => track(transact(client, work, patience?.transaction)),
    lost: loss.signal,
    get isIdle() {
      return underWay === 0;
    },
    async listen(channel, onNotify) {
      client.on("notification", (notification) => notification.channel === channel && onNotify());
      await client.query(`LISTEN ${channel}`).catch(fail);
    },
    async close() {
      if (loss.signal.aborted) return;
      // Not events.once: that fails for an error that comes before the end.
      const ended = new Promise((resolve) => client.once("end", resolve));
      client.end().catch(() => {}); // It is gone already, then.
      const silent = setTimeout(cut, closeMs);
      await ended;
      clearTimeout(silent);
    },
  };
}

function fail(error: unknown): never {
  throw toPostgresError(error);
}
