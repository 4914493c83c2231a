import { chmodSync, chownSync, lstatSync, mkdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { makeFolder, unusable } from "./data-folder.js";
import { findProgram, type PostgresProgram, systemDir } from "./postgres-program.js";
import { canReach, type User, userFor } from "./postgres-user.js";
import { hashOf, socketDirFor } from "./socket-path.js";

/** Where the embedded PostgreSQL is, and which user runs it. */
export interface PostgresPlace {
  /** PostgreSQL's own folder. */
  dir: string;
  /** The folder of PostgreSQL's socket. */
  socketDir: string;
  user: User;
  program: PostgresProgram;
}

/** PostgreSQL chooses this name. */
export const socketName = ".s.PGSQL.5432";

/**
 * Finds the place, and makes its folders. Usually the place is below POSTA_DATA_DIR. It is below /var/lib/posta if root
 * starts Posta with a data folder that PostgreSQL's user cannot reach, such as one below /root. Throws a ConfigError.
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

/** Lets others pass through the data folder, which is Posta's. Folders above it are only checked, not changed. */
function letsPass(user: User, dataDir: string): boolean {
  makeFolder(dataDir);
  chmodSync(dataDir, statSync(dataDir).mode | 0o001);
  return canReach(user, dataDir);
}

/** Makes a folder that only the user owns. In the temporary folder, another user could have made the folder first. */
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
