import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** No system uses process ids this high. */
const nobody = 2 ** 31 - 1;

/** Whether a PostgreSQL process still uses this data, even if it is about to end. */
export function isOwned(data: string): boolean {
  const pid = readOwner(data);
  return pid !== undefined && commandOf(pid).includes(data);
}

/**
 * Replaces the process id in the lock file of a dead server. PostgreSQL does not start on data whose lock file names a
 * running process. After a kill or a power cut, that id may belong to any other process, above all in a container,
 * where ids are low. The file itself must stay: PostgreSQL uses the rest of it to make sure that no child of the dead
 * server still writes.
 */
export function forgetDeadOwner(data: string): void {
  if (readOwner(data) === undefined || isOwned(data)) return;
  const file = lockFile(data);
  writeFileSync(file, readFileSync(file, "utf8").replace(/^\d+/, String(nobody)));
}

function readOwner(data: string): number | undefined {
  if (!existsSync(lockFile(data))) return undefined;
  return Number.parseInt(readFileSync(lockFile(data), "utf8"), 10) || undefined;
}

/** The command line of a process; empty if there is no such process. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    // macOS has no /proc. A system with /proc may have no ps.
    return spawnSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }).stdout ?? "";
  }
}

function lockFile(data: string): string {
  return join(data, "postmaster.pid");
}
