import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { inject } from "vitest";
import { findProgram } from "../../cluster/embedded/postgres-program.js";
import { type User, userFor } from "../../cluster/embedded/postgres-user.js";
import { readConfig } from "../../src/config/config.js";
import { migrate } from "../../src/store/postgres/apply-migrations.js";
import { openDatabase } from "../../src/store/postgres/store.js";
import { createLog } from "../../src/telemetry/log/log.js";
import { runStore, type StoreProcess } from "./store-process.js";

const superuser = "posta";
/** A database with all migrations, to be cloned; nobody connects to it. */
const template = "posta_template";

/** A real PostgreSQL of a test's own, on a Unix socket in a temporary folder. */
export interface TestPostgres extends StoreProcess {
  /** Of its database "postgres", as a superuser. */
  readonly url: string;
  /**
   * Lets no file of it grow over so many bytes, or lets them again: what grows then finds no room. PostgreSQL ignores SIGXFSZ for
   * just that (its postmaster.c).
   */
  limitFiles(bytes: number | undefined): void;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** A folder that PostgreSQL's own user can reach. */
function makeFolder(): { dir: string; user: User } {
  const dir = mkdtempSync(join(tmpdir(), "posta-postgres-"));
  const user = userFor(dir);
  if (user.uid !== undefined) chownSync(dir, user.uid, user.gid);
  return { dir, user };
}

/** Makes the data of a new PostgreSQL, which {@link startPostgres} copies: a copy takes a small part of the time. */
export function createData(): { path: string; remove(): void } {
  const { dir, user } = makeFolder();
  const path = join(dir, "data");
  const init = ["-D", path, "--username", superuser, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];
  execFileSync(findProgram(user).initdb, init, { ...user, cwd: "/", stdio: "ignore" });
  return { path, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Starts a PostgreSQL on a copy of new `data`; `options` are settings of postgresql.conf. */
export async function startPostgres(
  options: Record<string, string> = {},
  newData = inject("postgresData"),
): Promise<TestPostgres> {
  const { dir, user } = makeFolder();
  const { postgres } = findProgram(user);
  const data = join(dir, "data");
  execFileSync("cp", ["-a", newData, data]);
  const settings = { listen_addresses: "", unix_socket_directories: dir, fsync: "off", ...options };
  const args = ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  const run = () => spawn(postgres, args, { ...user, cwd: "/", stdio: "ignore" });
  const url = `postgresql:///postgres?host=${dir}&user=${superuser}`;
  const server = await runStore(run, () => untilReady(url));
  return Object.assign(server, {
    url,
    limitFiles(bytes: number | undefined) {
      const children = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, "utf8")
        .split(" ")
        .filter(Boolean);
      for (const pid of [String(server.pid), ...children]) {
        execFileSync("prlimit", ["--pid", pid, `--fsize=${bytes ?? "unlimited"}:`], user);
      }
    },
    async stop() {
      await server.kill("SIGQUIT");
      rmSync(dir, { recursive: true, force: true });
    },
  });
}

/** Makes the database that {@link createDatabase} clones. */
export async function createTemplate(server: TestPostgres): Promise<void> {
  await runSql(server.url, `CREATE DATABASE ${template}`);
  const log = createLog("test", "silent");
  const store = openDatabase(readConfig({ POSTA_DATABASE_URL: toDatabase(server.url, template) }), log);
  await migrate(store, log).finally(() => store.close());
}

/** A database of a test file's own on the shared PostgreSQL, with all migrations; drop it in the end. */
export async function createDatabase({ migrated = true } = {}): Promise<{ url: string; drop(): Promise<void> }> {
  const server = inject("postgresUrl");
  const name = `t${randomBytes(6).toString("hex")}`;
  await runSql(server, `CREATE DATABASE ${name} TEMPLATE ${migrated ? template : "template0"}`);
  return {
    url: toDatabase(server, name),
    drop: async () => void (await runSql(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)),
  };
}

function toDatabase(url: string, name: string): string {
  return url.replace("///postgres?", `///${name}?`);
}

/** Runs SQL on a connection of its own, and answers the rows. */
export async function runSql<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query<Row>(sql).finally(() => client.end());
  return rows;
}

async function untilReady(url: string): Promise<void> {
  const until = Date.now() + 30_000;
  while (
    !(await runSql(url, "SELECT 1").then(
      () => true,
      () => false,
    ))
  ) {
    if (Date.now() > until) throw new Error("PostgreSQL did not start");
    await sleep(20);
  }
}
