import type { Client, Pool, PoolConfig } from "pg";
import type { Logger } from "../../telemetry/log/log.js";
import { greet } from "./session.js";

/** How long a new connection, or the answer to a probe, may take. */
export const patienceMs = 2000;
/** How long after a statement's time-out the server may answer, before the connection counts as lost. */
const graceMs = 1000;
/** This many idle connections stay open. Further idle connections close after `idleTimeoutMs`. */
const minIdle = 2;
const idleTimeoutMs = 30_000;
const int8Oid = 20;
export interface PoolOptions {
  url: string;
  /** Connections, at most. */
  max: number;
  /** How long a statement may take, in milliseconds. */
  timeoutMs: number;
  /** Whether the pool's statements lock rows of messages that others may change at the same time. */
  locksRows?: boolean;
}

export interface LoadedPool {
  pool: Pool;
  /** A client beside the pool, without time-outs. It is not connected yet. */
  createClient(): Client;
}

/** The connections of a pool. */
export interface PoolUse {
  busy: number;
  idle: number;
  max: number;
  /** Statements that wait for a connection. */
  waiting: number;
}

/** Loads pg, which takes time and memory. A process that never needs PostgreSQL does not load pg. */
export async function loadPool(options: PoolOptions, log: Logger): Promise<LoadedPool> {
  const pg = await import("pg");
  const connection = connectionOf(options, pg);
  const min = Math.min(minIdle, options.max);
  // A server that hangs after the login must not keep callers longer than a server that hangs before.
  const greeting = { text: greet(options), query_timeout: patienceMs };
  const pool = new pg.Pool({
    ...connection,
    min,
    max: options.max,
    idleTimeoutMillis: idleTimeoutMs,
    onConnect: (client) => client.query(greeting),
  });
  // Without listeners a connection that breaks would end the process. The next query shows what the error means.
  pool.on("error", (error) => log.debug({ err: error }, "postgresql connection"));
  pool.on("connect", (client) => client.on("error", () => {})); // For a connection in use, between two statements.
  const createClient = () => new pg.Client({ ...connection, query_timeout: 0 });
  return { pool, createClient };
}

/** Whether a statement would have to wait for another to finish. */
export function isFull(pool: Pool): boolean {
  return pool.idleCount === 0 && pool.totalCount >= pool.options.max;
}

export function useOf({ totalCount, idleCount, waitingCount, options }: Pool): PoolUse {
  return { busy: totalCount - idleCount, idle: idleCount, max: options.max, waiting: waitingCount };
}

function connectionOf({ url, timeoutMs }: PoolOptions, { types }: typeof import("pg")): PoolConfig {
  return {
    connectionString: url,
    application_name: "posta",
    connectionTimeoutMillis: patienceMs,
    query_timeout: timeoutMs + graceMs,
    keepAlive: true,
    // Counts stay far below 2^53. pg would return them as text.
    types: {
      getTypeParser: (oid, format) => (oid === int8Oid ? Number : types.getTypeParser(oid, format as "text")),
    },
  };
}
