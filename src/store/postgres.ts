import { EventEmitter } from "node:events";
import type { ClientBase, Pool, PoolClient, PoolConfig } from "pg";
import { type Config, ConfigError } from "../config.js";
import type { Logger } from "../log.js";
import { PostgresError, toUnreachable } from "./postgres-errors.js";
import {
  beginSession,
  type Queries,
  queriesOn,
  type Session,
  type Statement,
  type Transaction,
  transact,
} from "./postgres-session.js";

/** How often PostgreSQL is asked whether it is there. */
const heartbeatMs = 500;
/** An answer that takes longer counts as none; so does a connection. */
const patienceMs = 2000;
/** What the server may take beyond the statement's time-out before the connection counts as lost. */
const graceMs = 1000;
/** Connections that stay open while there is nothing to do, and how long those beyond them do. */
const minIdle = 2;
const idleTimeoutMs = 30_000;
const int8Oid = 20;
const probe: Statement = { name: "probe", text: "SELECT 1" };

export interface PostgresStoreOptions {
  url: string;
  /** The variable that the address came from, for errors. */
  variable: string;
  /** Connections, at most. */
  max: number;
  /** How long a statement may take, in milliseconds. */
  timeoutMs: number;
}

interface Events {
  /** It can be used, or no longer. */
  usable: [boolean];
}

/** pg's module. It is loaded when it is first needed: a server that never asks for history does without. */
type Library = typeof import("pg");

interface Loaded {
  library: Library;
  pool: Pool;
}

/**
 * The connections of one process to PostgreSQL. A PostgreSQL that dies ends no process: what was on its way fails, what
 * comes while it is known to be gone fails at once, and it is used again when it answers again.
 */
export class PostgresStore extends EventEmitter<Events> implements Queries {
  private loading: Promise<Loaded> | undefined;
  private heartbeat: NodeJS.Timeout | undefined;
  private probing = false;
  /** undefined as long as it was never tried. */
  private up: boolean | undefined;
  private problem: string | undefined;
  private closed = false;

  constructor(
    private readonly options: PostgresStoreOptions,
    private readonly log: Logger,
  ) {
    super();
  }

  /** Starts to ask whether PostgreSQL is there, and goes on; `usable` tells. The first query does so too. */
  open(): void {
    if (this.heartbeat || this.closed) return;
    this.heartbeat = setInterval(() => void this.probe(), heartbeatMs);
    void this.probe();
  }

  get usable(): boolean {
    return this.up === true;
  }

  /** Throws unavailable if PostgreSQL is known to be down, so that a call fails before any work. */
  requireUsable(): void {
    if (this.closed || this.up === false) throw toUnreachable();
  }

  /** Runs a statement on any connection. */
  query<Row extends object>(statement: Statement, values: unknown[] = []): Promise<Row[]> {
    return this.withClient((client) => queriesOn(client).query<Row>(statement, values));
  }

  /** Runs statements as one transaction: all of them, or none if `work` throws. */
  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    return this.withClient((client) => transact(client, work));
  }

  /** A connection beside the pool, without time-outs, for what must stay on one: a lock, a migration. */
  async session(): Promise<Session> {
    this.requireUsable();
    this.open();
    const { library } = await this.load();
    const client = new library.Client({ ...this.connection(library), statement_timeout: 0, query_timeout: 0 });
    return beginSession(client);
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.heartbeat);
    this.removeAllListeners();
    const loaded = await this.loading?.catch(() => undefined);
    await loaded?.pool.end();
  }

  private async withClient<Result>(work: (client: ClientBase) => Promise<Result>): Promise<Result> {
    this.requireUsable();
    this.open();
    return this.attempt(work);
  }

  private async attempt<Result>(work: (client: ClientBase) => Promise<Result>): Promise<Result> {
    const client = await this.connect();
    try {
      const result = await work(client);
      client.release();
      this.setUsable(true);
      return result;
    } catch (error) {
      // After an error of a statement the connection, and what is prepared on it, is as good as before.
      const lost = error instanceof PostgresError && error.lost;
      client.release(lost);
      if (lost) this.lose(error.cause as Error);
      throw error;
    }
  }

  private async connect(): Promise<PoolClient> {
    const { pool } = await this.load();
    try {
      return await pool.connect();
    } catch (error) {
      // With all connections in use, waiting in vain says nothing about the server.
      if (!isFull(pool)) this.lose(error as Error);
      throw toUnreachable(error);
    }
  }

  private load(): Promise<Loaded> {
    this.loading ??= this.createPool();
    return this.loading;
  }

  private async createPool(): Promise<Loaded> {
    const library = await import("pg");
    const pool = new library.Pool({
      ...this.connection(library),
      min: Math.min(minIdle, this.options.max),
      max: this.options.max,
      idleTimeoutMillis: idleTimeoutMs,
    });
    // A connection that breaks; without listeners that would end the process. The next query tells what it means.
    pool.on("error", (error) => this.log.debug({ err: error }, "postgresql connection"));
    pool.on("connect", (client) => client.on("error", () => {})); // Of one in use, between two statements.
    return { library, pool };
  }

  private connection({ types }: Library): PoolConfig {
    return {
      connectionString: this.options.url,
      application_name: "posta",
      connectionTimeoutMillis: patienceMs,
      statement_timeout: this.options.timeoutMs,
      query_timeout: this.options.timeoutMs + graceMs,
      keepAlive: true,
      // Counts stay far below 2^53; pg would hand them out as text.
      types: {
        getTypeParser: (oid, format) => (oid === int8Oid ? Number : types.getTypeParser(oid, format as "text")),
      },
    };
  }

  private async probe(): Promise<void> {
    const { pool } = await this.load();
    // Busy connections tell by their own outcomes.
    if (this.probing || this.closed || isFull(pool)) return;
    this.probing = true;
    const late = setTimeout(() => this.lose(new Error(`no answer in ${patienceMs / 1000} s`)), patienceMs);
    await this.attempt((client) => queriesOn(client).query(probe)).catch(() => {});
    clearTimeout(late);
    this.probing = false;
  }

  /** Why there is no connection: once, until there is one. */
  private lose(error: Error): void {
    if (this.closed) return;
    this.setUsable(false);
    const { code = "" } = error as { code?: string };
    const reason = `${code} ${error.message}`.trim();
    const problem = `${this.options.variable}: PostgreSQL cannot be reached (${reason}); trying again`;
    if (this.problem !== problem) this.log.warn(problem);
    this.problem = problem;
  }

  private setUsable(usable: boolean): void {
    if (this.up === usable || this.closed) return;
    this.up = usable;
    this.problem = undefined;
    if (usable) this.log.info("postgresql is reachable");
    this.emit("usable", usable);
  }
}

function isFull(pool: Pool): boolean {
  return pool.idleCount === 0 && pool.totalCount >= pool.options.max;
}

/** The database that the settings name. It is not opened yet. */
export function openDatabase(config: Config, log: Logger): PostgresStore {
  const { databaseUrl: url, databasePool: max, databaseTimeoutMs: timeoutMs } = config;
  if (url === undefined) throw new Error("PostgreSQL has no address: the primary gives its children one");
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw new ConfigError(
      "POSTA_DATABASE_URL: is not a PostgreSQL address; use postgresql://user:password@host:5432/database",
    );
  }
  return new PostgresStore({ url, variable: "POSTA_DATABASE_URL", max, timeoutMs }, log);
}
