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
      const problem = findProblem(parseInfo(await server.info()), await readFsync(server), options.allowNoAof);
      if (problem) throw new ConfigError(`${options.variable}: ${problem}`);
    }),
  );
}

function findProblem(info: Map<string, string>, fsync: string | undefined, allowNoAof: boolean): string | undefined {
  const [major = 0, minor = 0] = (info.get("redis_version") ?? "").split(".").map(Number);
  if (major < 6 || (major === 6 && minor < 2)) return `Redis ${info.get("redis_version")} is too old; use 6.2 or later`;
  const policy = info.get("maxmemory_policy");
  if (policy !== "noeviction") {
    return `this Redis would evict jobs (maxmemory-policy ${policy}); fix: CONFIG SET maxmemory-policy noeviction, and the same in redis.conf`;
  }
  if (allowNoAof) return undefined;
  if (info.get("aof_enabled") !== "1") {
    return "this Redis keeps no append-only file; fix: CONFIG SET appendonly yes, and the same in redis.conf (or POSTA_ALLOW_NO_AOF=1, and lose jobs with it)";
  }
  if (fsync === "no")
    return "this Redis leaves syncing to the system; fix: CONFIG SET appendfsync everysec, and the same in redis.conf";
  return undefined;
}

/** Undefined if the server does not allow CONFIG GET, as some managed servers do not. */
async function readFsync(server: { config(get: "GET", name: string): Promise<unknown> }): Promise<string | undefined> {
  const answer = await server.config("GET", "appendfsync").catch(() => undefined);
  return Array.isArray(answer) ? String(answer[1]) : undefined;
}
