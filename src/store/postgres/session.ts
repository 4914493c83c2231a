import type { Client, ClientBase } from "pg";
import { PostgresError, toPostgresError, toUnreachable } from "./errors.js";

/** How long a server may take to say goodbye. */
const closeMs = 2000;

/**
 * Plans must not depend on the values. Otherwise PostgreSQL would plan again for each value. Such a plan can sort a
 * million rows instead of reading fifty in the order of their index. That happens if the statistics are older than a
 * burst, or if PostgreSQL cannot estimate a condition. With this setting a connection plans a statement once, and a
 * review of the plans sees the plans that run.
 */
const planOnce = "SET plan_cache_mode = force_generic_plan";

/**
 * A plan that was made once leaves out partitions when it runs. PostgreSQL 18 ends with a segmentation fault if such a
 * plan locks a row that another transaction has just changed. So statements that change messages leave out no
 * partitions. They read an index of each partition, and there is one partition for each month of messages.
 */
const keepPartitions = "SET enable_partition_pruning = off";
/** Like {@link keepPartitions}, until the end of a transaction. */
export const keepPartitionsHere = "SET LOCAL enable_partition_pruning = off";

/** What a connection keeps to. */
interface ConnectionRules {
  /** How long a statement may take, in milliseconds. 0: as long as it likes. */
  timeoutMs: number;
  /** Its statements lock rows that others may change at the same time. */
  locksRows?: boolean | undefined;
}

/** SQL for a new connection. Not parameters of its login: PgBouncer refuses a login with a parameter that it does not know. */
export function greet({ timeoutMs, locksRows = false }: ConnectionRules): string {
  const settings = [`SET statement_timeout = ${timeoutMs}`, planOnce, ...(locksRows ? [keepPartitions] : [])];
  return settings.join("; ");
}

/** An SQL statement. A connection plans a statement once, under its name: one name has one text. */
export interface Statement {
  name: string;
  text: string;
}

/** Runs statements: the store, a transaction or a session. Each may throw a PostgresError. */
export interface Queries {
  /** 64-bit integers come as numbers, times as Date. */
  query<Row extends object>(statement: Statement, values?: unknown[]): Promise<Row[]>;
}

export interface Transaction extends Queries {
  /** Runs SQL text as it is, also several statements: for SQL that runs once. */
  run(sql: string): Promise<void>;
}

/** A connection of its own, beside the pool. */
export interface Session extends Queries {
  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>;
  /** Aborted when the connection is lost. The session's locks are lost with it. */
  readonly lost: AbortSignal;
  /** No statement or transaction of the session is under way. */
  readonly isIdle: boolean;
  /** Calls `onNotify` for each NOTIFY on a channel, as long as the session lasts. */
  listen(channel: string, onNotify: () => void): Promise<void>;
  close(): Promise<void>;
}

/** How long a session waits for an answer before its connection counts as lost, in milliseconds. */
export interface Patience {
  query: number;
  /** For each statement of a transaction. */
  transaction: number;
}

/** Runs statements on one connection. `timeoutMs` replaces the connection's own time-out for an answer. */
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

/** Runs `work` between BEGIN and COMMIT. If `work` throws, everything is undone. */
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
    // PostgreSQL itself rolls back a lost connection.
    if (!(error instanceof PostgresError && error.lost)) await transaction.run("ROLLBACK");
    throw error;
  }
}

/** False if PostgreSQL rolled back instead. */
async function commit(client: ClientBase, timeoutMs?: number): Promise<boolean> {
  const limit = timeoutMs === undefined ? {} : { query_timeout: timeoutMs };
  const { command } = await client.query({ ...limit, text: "COMMIT" }).catch(fail);
  return command === "COMMIT";
}

/** Connects a client, and makes a session of it. Without `patience` the session waits for answers without limit. */
export async function beginSession(client: Client, patience?: Patience): Promise<Session> {
  const loss = new AbortController();
  client.on("error", () => {}); // `end` follows.
  client.once("end", () => loss.abort());
  const cut = () => void client.connection.stream.destroy();
  const { query, run } = queriesOn(client, patience?.query);
  try {
    await client.connect();
    await run(greet({ timeoutMs: 0 }));
  } catch (error) {
    cut();
    throw toUnreachable(error);
  }

  /** Cuts a lost connection: a silent connection does not end by itself. */
  const cutIfLost = (error: unknown): never => {
    if (error instanceof PostgresError && error.lost) cut();
    throw error;
  };

  let underWay = 0;
  let last: Promise<unknown> = Promise.resolve();
  /** Several tasks may share a session: no statement of one comes into the transaction of another. */
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    underWay += 1;
    const result = last.then(work).catch(cutIfLost);
    last = result
      .catch(() => {})
      .finally(() => {
        underWay -= 1;
      });
    return result;
  };

  return {
    query: (statement, values) => inTurn(() => query<never>(statement, values)),
    transaction: (work) => inTurn(() => transact(client, work, patience?.transaction)),
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
      client.end().catch(() => {}); // The connection is gone already.
      const silent = setTimeout(cut, closeMs);
      await ended;
      clearTimeout(silent);
    },
  };
}

function fail(error: unknown): never {
  throw toPostgresError(error);
}
