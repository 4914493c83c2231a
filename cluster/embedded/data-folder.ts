import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError } from "../../src/config/config.js";

/** How long an embedded server may take to end after its Posta was killed, in milliseconds. */
const settleMs = 10_000;

/** Makes an embedded store's folder, to which only its user has access. Throws a ConfigError that names the fix. */
export function makeFolder(dir: string): void {
  try {
    makeMissing(dir);
  } catch (error) {
    throw unusable(error);
  }
}

/** Makes the folders level by level. If a level cannot be made, as below /proc, Node's recursive mkdir may hang. */
function makeMissing(dir: string): void {
  if (existsSync(dir)) return;
  makeMissing(dirname(dir));
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    if (!existsSync(dir)) throw error; // Otherwise another store's start was first.
  }
}

/** Throws a ConfigError if the folder stays in use: two servers on one folder would corrupt its files. */
export async function requireUnused(dir: string, isUsed: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + settleMs;
  while (await isUsed()) {
    if (Date.now() > until) {
      throw new ConfigError(`POSTA_DATA_DIR: ${dir} is in use by another Posta; stop that, or set POSTA_DATA_DIR`);
    }
    await sleep(100);
  }
}

export function unusable(error: unknown): ConfigError {
  return new ConfigError(`POSTA_DATA_DIR: cannot be used: ${(error as Error).message}`);
}
