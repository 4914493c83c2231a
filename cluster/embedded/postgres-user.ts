import { execFileSync, spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { ConfigError } from "../../src/config/config.js";
import { unusable } from "./data-folder.js";

/** The user that runs a process; empty: the user of this process. */
export type User = { uid: number; gid: number } | Record<string, never>;

const name = "postgres";

/**
 * The user that runs PostgreSQL, for data in this folder. PostgreSQL refuses to run as root. If root starts Posta,
 * PostgreSQL runs as the owner of the data, or as the user "postgres". That user is created if it does not exist.
 * Throws a ConfigError that names the fix.
 */
export function userFor(dataDir: string): User {
  if (process.getuid?.() !== 0) return {};
  return ownerOf(dataDir) ?? lookUp() ?? create();
}

/** Whether the user can reach the folder. For this, each folder above must let the user pass. */
export function canReach(user: User, dir: string): boolean {
  return spawnSync("sh", ["-c", 'cd "$1"', "sh", dir], { ...user, cwd: "/", stdio: "ignore" }).status === 0;
}

function ownerOf(dir: string): User | undefined {
  const owner = stat(dir);
  return owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : undefined;
}

function stat(dir: string) {
  try {
    return statSync(dir, { throwIfNoEntry: false });
  } catch (error) {
    throw unusable(error);
  }
}

function lookUp(): User | undefined {
  const [uid, gid] = ["-u", "-g"].map((flag) => spawnSync("id", [flag, name], { encoding: "utf8" }));
  return uid?.status === 0 && gid?.status === 0 ? { uid: Number(uid.stdout), gid: Number(gid.stdout) } : undefined;
}

function create(): User {
  try {
    execFileSync("useradd", ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name]);
  } catch (error) {
    throw new ConfigError(
      `PostgreSQL does not run as root, and the user "${name}" cannot be made (${(error as Error).message.split("\n")[0]}); make it, start Posta as another user, or set POSTA_DATABASE_URL`,
    );
  }
  return lookUp() as User;
}
