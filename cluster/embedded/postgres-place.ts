import { chmodSync, chownSync, lstatSync, mkdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { makeFolder, unusable } from "./data-folder.js";
import { findProgram, type PostgresProgram, systemDir } from "./postgres-program.js";
import { canReach, type User, userFor } from "./postgres-user.js";
import { hashOf, socketDirFor } from "./socket-path.js";

/** Where the embedded PostgreSQL is, and as whom it runs. */
export interface PostgresPlace {
  /** The folder that is all its own. */
  dir: string;
  /** Its socket is in here. */
  socketDir: string;
  user: User;
  program: PostgresProgram;
}

/** The name is PostgreSQL's choice. */
export const socketName = ".s.PGSQL.5432";

/**
 * Finds the place, and makes its folders. That is below POSTA_DATA_DIR; but where root starts Posta in a folder that only
 * root can reach, as below /root, PostgreSQL's user cannot: then it is below /var/lib. Throws a ConfigError.
 */
export function preparePlace(dataDir: string): PostgresPlace {
  const wanted = resolve(dataDir, "postgres");
  const user = userFor(wanted);
  const dir = user.uid === undefined || letsPass(user, resolve(dataDir)) ? wanted : join(systemDir, hashOf(wanted));
  if (dir !== wanted) mkdirSync(systemDir, { recursive: true, mode: 0o755 });
  makeFolderOf(user, dir);
  const socketDir = socketDirFor(dir, socketName);
  if (socketDir !== dir) makeFolderOf(user, socketDir);
  return { dir, socketDir, user, program: findProgram(user) };
}

/** The data folder itself is Posta's to open; those above it are not. */
function letsPass(user: User, dataDir: string): boolean {
  makeFolder(dataDir);
  chmodSync(dataDir, statSync(dataDir).mode | 0o001);
  return canReach(user, dataDir);
}

/** Nobody else may own it: in the system's temporary folder others could have made it first. */
function makeFolderOf(user: User, dir: string): void {
  makeFolder(dir);
  const owner = user.uid ?? process.getuid?.();
  const found = lstatSync(dir);
  if (!found.isDirectory()) throw unusable(new Error(`${dir} is no folder`));
  if (found.uid === owner) return;
  if (user.uid === undefined || found.uid !== process.getuid?.()) {
    throw unusable(new Error(`${dir} belongs to another user`));
  }
  chownSync(dir, user.uid, user.gid);
  chmodSync(dir, 0o700);
}
