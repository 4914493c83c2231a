import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** No system gives out process ids that high. */
const nobody = 2 ** 31 - 1;

/** Whether a PostgreSQL runs on this data, or is about to end. */
export function isOwned(data: string): boolean {
  const pid = readOwner(data);
  return pid !== undefined && commandOf(pid).includes(data);
}

/**
 * PostgreSQL does not start on data whose lock file names a process that is there. After a kill or a power cut that may be
 * any other process by now, above all in a container, where the ids are low. The file itself must stay: with what else it
 * says PostgreSQL makes sure that no child of the dead server is still writing.
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

/** Empty if there is no such process. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    // There is no /proc on macOS, and perhaps no ps where there is.
    return spawnSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }).stdout ?? "";
  }
}

function lockFile(data: string): string {
  return join(data, "postmaster.pid");
}
