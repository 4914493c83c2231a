import { EventEmitter } from "node:events";
import type { Client, ClientBase, Pool, PoolClient } from "pg";
import type { Config } from "../../config/config.js";
import type { Logger } from "../../telemetry/log/log.js";
import { ToldProblems } from "../../telemetry/log/told-problems.js";
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
/** A PostgreSQL that starts together with Posta takes this long. Until then no warning is logged. */
const startMs = 5000;
const readOnlyReason = "it is read-only, as a standby is";
const probe: Statement = {
  name: "probe",
  text: "SELECT current_setting('transaction_read_only') = 'on' AS is_read_only",
};

export interface PostgresStoreOptions extends PoolOptions {
  /** The variable that the address came from, for errors. */
  variable: string;
}

interface Events {
  /** PostgreSQL can be used now, or no longer. */
  usable: [boolean];
  /** How long an answer took, in milliseconds, at each heartbeat. */
  answered: [number];
}

/**
 * The connections of one process to PostgreSQL. A PostgreSQL that dies ends no process. Statements under way fail.
 * While PostgreSQL is known to be gone, new statements fail at once. When PostgreSQL answers again, it is used again.
 */
export class PostgresStore extends EventEmitter<Events> implements Queries {
  private loading: Promise<LoadedPool> | undefined;
  private pool: Pool | undefined;
  private heartbeat: NodeJS.Timeout | undefined;
  private probing = false;
  /** Undefined until the first try to reach PostgreSQL has ended. */
  private up: boolean | undefined;
  private readonly told = new ToldProblems();
  /** When a PostgreSQL that was never reached is late. Undefined once it was reached. */
  private dueAt: number | undefined = performance.now() + startMs;
  /** Since when PostgreSQL has been asked, and has not answered. */
  private unansweredSince: number | undefined;
  private isReadOnly = false;
  /** Why statements may fail, though PostgreSQL answers: its schema is not the one that this process needs. */
  schemaProblem: string | undefined;
  private closed = false;

  constructor(
    private readonly options: PostgresStoreOptions,
    private readonly log: Logger,
  ) {
    super();
  }

  /** Starts the heartbeat. The event `usable` reports its result. The first query starts the heartbeat too. */
  open(): void {
    if (this.heartbeat || this.closed) return;
    this.heartbeat = setInterval(() => void this.probe(), heartbeatMs);
    void this.probe();
  }

  get usable(): boolean {
    return this.up === true;
  }

  /** PostgreSQL was tried, and cannot be used. */
  get isLost(): boolean {
    return this.up === false;
  }

  /** Why PostgreSQL takes no writes, though it answers. */
  get refusal(): string | undefined {
    return this.up && this.isReadOnly ? readOnlyReason : undefined;
  }

  /** How long no connection has had an answer, in milliseconds. A call may wait for longer than a probe should. */
  get silentMs(): number {
    return this.unansweredSince === undefined ? 0 : performance.now() - this.unansweredSince;
  }

  /** How the connections are used. Undefined while there is no pool. */
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

  /** A connection beside the pool, for work that needs a connection of its own: a lock, a migration. */
  async session(patience?: Patience): Promise<Session> {
    this.requireUsable();
    this.open();
    const { createClient } = await this.load();
    return beginSession(createClient(), patience);
  }

  /** Runs one statement that locks rows of messages, on a store that was opened without `locksRows`. */
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
      // After a statement's error the connection and its prepared statements are as good as before.
      const lost = error instanceof PostgresError && error.lost;
      client.release(lost);
      if (lost) {
        this.lose(error.cause as Error);
        void this.probe(); // Perhaps only this connection was lost.
      } else this.unansweredSince = undefined;
      throw error;
    }
  }

  private async connect(): Promise<PoolClient> {
    const { pool } = await this.load();
    try {
      return await pool.connect();
    } catch (error) {
      // If all connections are in use, a wait in vain says nothing about the server.
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

  /** Probes on another connection while all are in use. This shows whether the server hangs or has much to do. */
  private async probeBeside(client: Client): Promise<void> {
    client.on("error", () => {}); // The statement fails too.
    try {
      await client.connect();
      await this.ask(client, patienceMs);
      this.unansweredSince = undefined;
      this.setUsable(true);
    } catch (error) {
      // A server that has no connection left does answer.
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
    if (is) this.log.error(`${this.options.variable}: PostgreSQL takes no writes: ${readOnlyReason}`);
    else this.log.info("postgresql takes writes again");
  }

  /** Notes that PostgreSQL is lost. The same reason is logged once, until there is a connection. */
  private lose(error: Error): void {
    if (this.closed) return;
    this.setUsable(false);
    if (this.dueAt !== undefined && performance.now() < this.dueAt) return;
    const { code = "" } = error as { code?: string };
    const reason = `${code} ${error.message}`.trim();
    const problem = `${this.options.variable}: PostgreSQL cannot be reached (${reason}); trying again`;
    if (this.told.isNew(problem)) this.log.warn(problem);
  }

  private setUsable(usable: boolean): void {
    if (this.up === usable || this.closed) return;
    this.up = usable;
    if (usable) {
      this.told.clear();
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
