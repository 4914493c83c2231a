import { execFile } from "node:child_process";
import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { type Config, ConfigError } from "../../src/config/config.js";
import type { Logger } from "../../src/telemetry/log/log.js";
import { requireUnused } from "./data-folder.js";
import { GuardedServer } from "./guarded-server.js";
import { LogFile } from "./log-file.js";
import { forgetDeadOwner, isOwned } from "./postgres-lock.js";
import { type PostgresPlace, preparePlace, socketName } from "./postgres-place.js";
import { acceptsSessions } from "./postgres-ready.js";
import { isListening } from "./socket-path.js";

const superuser = "posta";
const database = "postgres";
/** Connections in addition to those of Posta's processes: for operators, and for PostgreSQL's own reserve. */
const spareConnections = 20;
const readyPollMs = 20;
/** How long a child of a killed server may continue to work, in milliseconds. */
const orphanMs = 10_000;
/** How often Posta checks the size of PostgreSQL's log, in milliseconds. */
const logCheckMs = 60_000;
/** PostgreSQL's environment. It has none of Posta's settings, because PostgreSQL does not need them. */
const env = { PATH: process.env.PATH, LC_ALL: "C" };

/** A private PostgreSQL on a Unix socket in its folder. The socket gives full access. Data survives restarts. */
export class EmbeddedPostgres {
  /** The folder for messages: POSTA_DATA_DIR as set, unless the data is elsewhere. */
  readonly shownDir: string;
  readonly dir: string;
  private readonly place: PostgresPlace;
  private readonly data: string;
  private readonly logFile: LogFile;
  private readonly server: GuardedServer;
  private readonly stopping = new AbortController();
  private logCheck: NodeJS.Timeout | undefined;
  private initialising: Promise<void> | undefined;

  /** Throws a ConfigError that names the fix. */
  constructor(config: Config, log: Logger) {
    this.place = preparePlace(config.dataDir);
    this.dir = this.place.dir;
    this.shownDir = this.dir === resolve(config.dataDir, "postgres") ? config.dataDir : this.dir;
    this.data = join(this.dir, "data");
    this.logFile = new LogFile(join(this.dir, "postgres.log"));
    const command = {
      name: "PostgreSQL",
      command: this.place.program.postgres,
      args: [
        "-D",
        this.data,
        ...Object.entries(this.settings(config)).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
      ],
      signal: "INT" as const, // TERM would wait until all clients disconnect.
      missing: "PostgreSQL's program is gone; install the npm packages again, or set POSTA_DATABASE_URL",
      logFile: this.logFile.path,
      captured: true,
      user: this.place.user,
      env,
    };
    this.server = new GuardedServer(command, log);
  }

  get url(): string {
    return `postgresql:///${database}?host=${encodeURIComponent(this.place.socketDir)}&user=${superuser}`;
  }

  /** Throws a ConfigError that names the fix. */
  async start(): Promise<void> {
    const { socketDir } = this.place;
    await requireUnused(this.dir, async () => isOwned(this.data) || (await isListening(this.socket)));
    if (!existsSync(this.data)) {
      this.initialising = this.initialise();
      await this.initialising;
    }
    forgetDeadOwner(this.data);
    rmSync(join(socketDir, `${socketName}.lock`), { force: true });
    this.logFile.cut();
    await this.startBesideOrphans();
    if (!this.stopping.signal.aborted) this.logCheck = setInterval(() => this.logFile.cut(), logCheckMs).unref();
  }

  /** Stops PostgreSQL. If initdb still runs, aborts initdb and first waits for its end. */
  async stop(): Promise<void> {
    this.stopping.abort();
    clearInterval(this.logCheck);
    await this.initialising?.catch(() => {});
    await this.server.stop();
  }

  private get socket(): string {
    return join(this.place.socketDir, socketName);
  }

  private settings({ databasePool, servers, deliveries }: Config): Record<string, string | number> {
    return {
      listen_addresses: "",
      unix_socket_directories: this.place.socketDir,
      unix_socket_permissions: "0700",
      // A rolling restart runs one more process.
      max_connections: databasePool * (servers + deliveries + 1) + spareConnections,
      shared_buffers: "64MB",
      max_wal_size: "256MB",
      // Otherwise PostgreSQL runs four more processes.
      io_method: "sync",
      max_logical_replication_workers: 0,
      jit: "off",
      timezone: "UTC",
      log_timezone: "UTC",
      log_checkpoints: "off",
      // Measures statements, for /metrics and /status (src/background/statement-metrics.ts).
      shared_preload_libraries: "pg_stat_statements",
      "pg_stat_statements.max": 1000,
    };
  }

  /** Makes the data under another name until complete, so an interrupted start leaves nothing that looks like data. */
  private async initialise(): Promise<void> {
    for (const name of readdirSync(this.dir)) {
      if (name.startsWith("new-")) rmSync(join(this.dir, name), { recursive: true });
    }
    const { user, program } = this.place;
    const fresh = join(this.dir, `new-${process.pid}`);
    const args = ["-D", fresh, "--username", superuser, "--auth=trust", "--encoding=UTF8", "--locale=C"];
    const { signal } = this.stopping;
    const making = promisify(execFile)(program.initdb, args, { ...user, cwd: "/", env, signal });
    const ended = new Promise((resolve) => making.child.once("close", resolve));
    await making.catch(async (error) => {
      await ended; // A signal does not end initdb immediately.
      throw new ConfigError(`cannot create PostgreSQL's data in ${this.dir}: ${error.stderr || error.message}`);
    });
    renameSync(fresh, this.data);
  }

  /** PostgreSQL does not start while a child of a killed server works. That child ends by itself, so this retries. */
  private async startBesideOrphans(): Promise<void> {
    const until = Date.now() + orphanMs;
    for (;;) {
      const before = this.logFile.size;
      try {
        return await this.server.start((over) => this.untilReady(over));
      } catch (error) {
        if (!/pre-existing shared memory/.test(this.logFile.readSince(before)) || Date.now() > until) throw error;
        await sleep(200);
      }
    }
  }

  private async untilReady(over: AbortSignal): Promise<void> {
    while (!over.aborted && !(await acceptsSessions(this.socket, superuser, database))) await sleep(readyPollMs);
  }
}
