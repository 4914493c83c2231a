import { once } from "node:events";
import type { Client, ClientBase } from "pg";
import { PostgresError, toPostgresError, toUnreachable } from "./postgres-errors.js";

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
  /** Tells of each NOTIFY on a channel, for as long as the session lasts. */
  listen(channel: string, onNotify: () => void): Promise<void>;
  close(): Promise<void>;
}

/** What runs statements on one connection. */
export function queriesOn(client: ClientBase): Transaction {
  return {
    async query<Row extends object>(statement: Statement, values: unknown[] = []) {
      const { rows } = await client.query<Row>({ ...statement, values }).catch(fail);
      return rows;
    },
    run: async (sql) => void (await client.query(sql).catch(fail)),
  };
}

/** Runs `work` between BEGIN and COMMIT; whatever it throws undoes all. */
export async function transact<Result>(
  client: ClientBase,
  work: (transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  const transaction = queriesOn(client);
  await transaction.run("BEGIN");
  try {
    const result = await work(transaction);
    const { command } = await client.query("COMMIT").catch(fail);
    if (command !== "COMMIT") throw new Error("a statement of the transaction had failed: it was rolled back");
    return result;
  } catch (error) {
    // A lost connection is rolled back by PostgreSQL itself.
    if (!(error instanceof PostgresError && error.lost)) await transaction.run("ROLLBACK");
    throw error;
  }
}

/** Connects a client, and makes a session of it. */
export async function beginSession(client: Client): Promise<Session> {
  const loss = new AbortController();
  client.on("error", () => {}); // `end` follows.
  client.once("end", () => loss.abort());
  await client.connect().catch((error) => {
    throw toUnreachable(error);
  });
  return {
    query: queriesOn(client).query,
    transaction: (work) => transact(client, work),
    lost: loss.signal,
    async listen(channel, onNotify) {
      client.on("notification", (notification) => notification.channel === channel && onNotify());
      await client.query(`LISTEN ${channel}`).catch(fail);
    },
    async close() {
      if (loss.signal.aborted) return;
      const ended = once(client, "end");
      client.end().catch(() => {}); // It is gone already, then.
      await ended;
    },
  };
}

function fail(error: unknown): never {
  throw toPostgresError(error);
}
