import type { Client, Pool, PoolConfig } from "pg";
import type { Logger } from "../../telemetry/log/log.js";
import { planSettings } from "./session.js";

/** How long a connection, or an answer to "are you there", may take. */
export const patienceMs = 2000;
/** What the server may take beyond the statement's time-out before the connection counts as lost. */
const graceMs = 1000;
/** Connections that stay open while there is nothing to do, and how long those beyond them do. */
const minIdle = 2;
const idleTimeoutMs = 30_000;
const int8Oid = 20;
export interface PoolOptions {
  url: string;
  /** Connections, at most. */
  max: number;
  /** How long a statement may take, in milliseconds. */
  timeoutMs: number;
  /** Whether its statements lock rows of messages that others may change at the same time. */
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

/** Loads pg, which takes its time and memory: a process that never needs PostgreSQL does without. */
export async function loadPool(options: PoolOptions, log: Logger): Promise<LoadedPool> {
  const pg = await import("pg");
  const connection = connectionOf(options, pg);
  const min = Math.min(minIdle, options.max);
  // A server that hangs after the login keeps its callers no longer than one that hangs before.
  const greeting = { text: planSettings(options.locksRows === true), query_timeout: patienceMs };
  const pool = new pg.Pool({
    ...connection,
    min,
    max: options.max,
    idleTimeoutMillis: idleTimeoutMs,
    onConnect: (client) => client.query(greeting),
  });
  // A connection that breaks; without listeners that would end the process. The next query tells what it means.
  pool.on("error", (error) => log.debug({ err: error }, "postgresql connection"));
  pool.on("connect", (client) => client.on("error", () => {})); // Of one in use, between two statements.
  const createClient = () => new pg.Client({ ...connection, statement_timeout: 0, query_timeout: 0 });
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
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs + graceMs,
    keepAlive: true,
    // Counts stay far below 2^53; pg would hand them out as text.
    types: {
      getTypeParser: (oid, format) => (oid === int8Oid ? Number : types.getTypeParser(oid, format as "text")),
    },
  };
}
