import { EventEmitter } from "node:events";
import type { Client, ClientBase, Pool, PoolClient } from "pg";
import type { Config } from "../../config/config.js";
import type { Logger } from "../../telemetry/log/log.js";
import { PostgresError, toPostgresError, toUnreachable } from "./errors.js";
import { isFull, type LoadedPool, loadPool, type PoolOptions, type PoolUse, patienceMs, useOf } from "./pool.js";
import {
  beginSession,
  keepPartitionsHere,
  type Patience,
  type Queries,
  queriesOn,
  type Session,
  type Statement,
  type Transaction,
  transact,
} from "./session.js";

/** How often PostgreSQL is asked whether it is there. */
const heartbeatMs = 500;
/** A PostgreSQL that starts together with Posta takes this long: until then nobody needs to be told. */
const startMs = 5000;
const probe: Statement = {
  name: "probe",
  text: "SELECT current_setting('transaction_read_only') = 'on' AS is_read_only",
};

export interface PostgresStoreOptions extends PoolOptions {
  /** The variable that the address came from, for errors. */
  variable: string;
}

interface Events {
  /** It can be used, or no longer. */
  usable: [boolean];
  /** How long an answer took, in milliseconds, at each heartbeat. */
  answered: [number];
}

/**
 * The connections of one process to PostgreSQL. A PostgreSQL that dies ends no process: what was on its way fails, what
 * comes while it is known to be gone fails at once, and it is used again when it answers again.
 */
export class PostgresStore extends EventEmitter<Events> implements Queries {
  private loading: Promise<LoadedPool> | undefined;
  private pool: Pool | undefined;
  private heartbeat: NodeJS.Timeout | undefined;
  private probing = false;
  /** undefined as long as it was never tried. */
  private up: boolean | undefined;
  private problem: string | undefined;
  /** When it is late, if it was never there; undefined as soon as it was. */
  private dueAt: number | undefined = performance.now() + startMs;
  /** Since when it was asked for something, and answered nothing. */
  private unansweredSince: number | undefined;
  private isReadOnly = false;
  /** Why what is asked of it may fail, though it answers: its schema is not the one that this process needs. */
  schemaProblem: string | undefined;
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

  /** It was tried, and cannot be used. */
  get isLost(): boolean {
    return this.up === false;
  }

  /** Why it takes no writes, though it answers. */
  get refusal(): string | undefined {
    return this.up && this.isReadOnly ? "it is read-only, as a standby is" : undefined;
  }

  /** For how long no connection had an answer, in milliseconds: a call may wait for longer than a probe should. */
  get silentMs(): number {
    return this.unansweredSince === undefined ? 0 : performance.now() - this.unansweredSince;
  }

  /** What the connections do; undefined as long as there are none. */
  get poolUse(): PoolUse | undefined {
    return this.pool && useOf(this.pool);
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

  /** A connection beside the pool, with no time-outs but `patience`, for what must stay on one: a lock, a migration. */
  async session(patience?: Patience): Promise<Session> {
    this.requireUsable();
    this.open();
    const { createClient } = await this.load();
    return beginSession(createClient(), this.options.locksRows === true, patience);
  }

  /** Runs one statement that locks rows of messages, where the store's connections are for others: see `locksRows`. */
  queryLocking<Row extends object>(statement: Statement, values: unknown[]): Promise<Row[]> {
    return this.transaction(async (transaction) => {
      await transaction.run(keepPartitionsHere);
      return transaction.query<Row>(statement, values);
    });
  }

  async close(): Promise<void> {
    if (this.closed) return;
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
      this.unansweredSince = undefined;
      this.setUsable(true);
      return result;
    } catch (error) {
      // After an error of a statement the connection, and what is prepared on it, is as good as before.
      const lost = error instanceof PostgresError && error.lost;
      client.release(lost);
      if (lost) {
        this.lose(error.cause as Error);
        void this.probe(); // Perhaps it was this connection only.
      } else this.unansweredSince = undefined;
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

  private load(): Promise<LoadedPool> {
    this.loading ??= loadPool(this.options, this.log).then((loaded) => {
      this.pool = loaded.pool;
      return loaded;
    });
    return this.loading;
  }

  private async probe(): Promise<void> {
    const { pool, createClient } = await this.load();
    if (this.probing || this.closed) return;
    this.probing = true;
    this.unansweredSince ??= performance.now();
    const late = setTimeout(() => this.lose(new Error(`no answer in ${patienceMs / 1000} s`)), patienceMs);
    if (isFull(pool)) await this.probeBeside(createClient());
    else await this.attempt((client) => this.ask(client)).catch(() => {});
    clearTimeout(late);
    this.probing = false;
  }

  /** While all connections are in use: by another, which tells a server that hangs from one that has much to do. */
  private async probeBeside(client: Client): Promise<void> {
    client.on("error", () => {}); // What it was asked fails too.
    try {
      await client.connect();
      await this.ask(client, patienceMs);
      this.unansweredSince = undefined;
      this.setUsable(true);
    } catch (error) {
      // One that has no connection left is there.
      if (!toPostgresError(error).lost) this.unansweredSince = undefined;
    }
    client.end().catch(() => {});
  }

  private async ask(client: ClientBase, timeoutMs?: number): Promise<void> {
    const sent = performance.now();
    const [row] = await queriesOn(client, timeoutMs).query<{ is_read_only: boolean }>(probe);
    this.emit("answered", performance.now() - sent);
    this.setReadOnly(row?.is_read_only === true);
  }

  private setReadOnly(is: boolean): void {
    if (is === this.isReadOnly) return;
    this.isReadOnly = is;
    if (is) this.log.error(`${this.options.variable}: PostgreSQL takes no writes: ${this.refusal}`);
    else this.log.info("postgresql takes writes again");
  }

  /** Why there is no connection: once, until there is one. */
  private lose(error: Error): void {
    if (this.closed) return;
    this.setUsable(false);
    if (this.dueAt !== undefined && performance.now() < this.dueAt) return;
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
    if (usable) {
      this.dueAt = undefined;
      this.log.info("postgresql is reachable");
    }
    this.emit("usable", usable);
  }
}

/** The database that the settings name. It is not opened yet. For `locksRows` see {@link PoolOptions}. */
export function openDatabase(config: Config, log: Logger, { locksRows = false } = {}): PostgresStore {
  const { databaseUrl: url, databasePool: max, databaseTimeoutMs: timeoutMs } = config;
  if (url === undefined) throw new Error("PostgreSQL has no address: the primary gives its children one");
  return new PostgresStore({ url, variable: "POSTA_DATABASE_URL", max, timeoutMs, locksRows }, log);
}
