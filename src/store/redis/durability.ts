import type { Redis } from "ioredis";
import { ConfigError } from "../../config/config.js";
import { parseInfo } from "./info.js";

/**
 * Throws a {@link ConfigError} that names the fix, unless each of the servers keeps jobs. A server must not
 * evict (BullMQ merely warns). It must write an append-only file, synced at least every second.
 */
export async function requireDurable(
  servers: Redis[],
  options: { variable: string; allowNoAof: boolean },
): Promise<void> {
  await Promise.all(
    servers.map(async (server) => {
      const [info, fsync] = await Promise.all([server.info(), readFsync(server)]);
      const problem = findProblem(parseInfo(info), fsync, options.allowNoAof);
      if (problem) throw new ConfigError(`${options.variable}: ${problem}`);
    }),
  );
}

/** `fsync` is undefined if the server does not allow CONFIG. */
function findProblem(info: Map<string, string>, fsync: string | undefined, allowNoAof: boolean): string | undefined {
  const [major = 0, minor = 0] = (info.get("redis_version") ?? "").split(".").map(Number);
  if (major < 6 || (major === 6 && minor < 2)) return `Redis ${info.get("redis_version")} is too old; use 6.2 or later`;
  const toSet = (setting: string, value: string) =>
    fsync === undefined
      ? `fix: set ${setting} to ${value} where this Redis is configured; it does not allow CONFIG`
      : `fix: CONFIG SET ${setting} ${value}, and the same in redis.conf`;
  const policy = info.get("maxmemory_policy");
  if (policy !== "noeviction") {
    return `this Redis would evict jobs (maxmemory-policy ${policy}); ${toSet("maxmemory-policy", "noeviction")}`;
  }
  if (allowNoAof) return undefined;
  if (info.get("aof_enabled") !== "1") {
    return `this Redis keeps no append-only file; ${toSet("appendonly", "yes")} (or POSTA_ALLOW_NO_AOF=1, and lose jobs with it)`;
  }
  if (fsync === "no") return `this Redis leaves syncing to the system; ${toSet("appendfsync", "everysec")}`;
  return undefined;
}

/** Undefined if the server does not allow CONFIG GET, as some managed servers do not. */
async function readFsync(server: { config(get: "GET", name: string): Promise<unknown> }): Promise<string | undefined> {
  const answer = await server.config("GET", "appendfsync").catch(() => undefined);
  return Array.isArray(answer) ? String(answer[1]) : undefined;
}
