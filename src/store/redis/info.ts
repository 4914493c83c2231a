import { Cluster, Command, type Redis } from "ioredis";
import { limitOf } from "../../telemetry/metrics/memory-limit.js";
import type { RedisClient } from "./address.js";

/** The figures of a store, from INFO. They cover all servers that have keys of Posta, except for the memory. */
export interface RedisFigures {
  /**
   * The memory of the server that is nearest to its limit. All keys of a queue are on one server: free memory of other
   * servers does not help the queue.
   */
  usedBytes: number;
  /** The maxmemory of that server. Without maxmemory: the memory of the machine or container, or 0 if unknown. */
  maxBytes: number;
  /** As in redis.conf, such as "noeviction". If servers differ, each policy once. */
  policies: string[];
  evictedKeys: number;
  /** Writes to the append-only file that had to wait for the disk. */
  delayedSyncs: number;
  /** Whether the append-only file is in order: its last write and its last rewrite worked. */
  aofOk: boolean;
  /** Whether the last snapshot worked. */
  snapshotOk: boolean;
  /** When this was read, in milliseconds since 1970. */
  readAt: number;
}

/**
 * The servers that take the writes of keys with this prefix. In a Cluster the prefix has a hash tag, which puts all keys
 * on one server. The other servers of the Cluster do not matter: they may hang, evict or be full.
 */
export function mastersOf(client: RedisClient, prefix: string): Redis[] {
  if (!(client instanceof Cluster)) return [client];
  const [owner] = client.slots[new Command("get", [prefix]).getSlot()] ?? [];
  const owners = client.nodes("master").filter(({ options: { host, port } }) => `${host}:${port}` === owner);
  if (owners.length === 0) throw new Error(`no server of the Redis Cluster has the slot of "${prefix}" now`);
  return owners;
}

/** The lines of INFO, by name. */
export function parseInfo(info: string): Map<string, string> {
  return new Map(info.split("\r\n").map((line) => line.split(/:(.*)/s).slice(0, 2) as [string, string]));
}

/** The server that is nearest to its limit. A server on a Unix socket is on this machine, and in this container. */
function fullest(servers: Redis[], infos: Map<string, string>[]): Pick<RedisFigures, "usedBytes" | "maxBytes"> {
  const of = (info: Map<string, string>, name: string) => Number(info.get(name) ?? 0);
  const machineOf = (info: Map<string, string>, server: Redis | undefined) => {
    const bytes = of(info, "total_system_memory");
    return server?.options.path === undefined ? bytes : limitOf(bytes);
  };
  return infos
    .map((info, index) => ({
      usedBytes: of(info, "used_memory"),
      maxBytes: of(info, "maxmemory") || machineOf(info, servers[index]),
    }))
    .reduce((worst, one) => (one.usedBytes * worst.maxBytes > worst.usedBytes * one.maxBytes ? one : worst));
}

/** `needsAof`: a server without an append-only file makes `aofOk` false. */
export async function readFigures(servers: Redis[], { needsAof }: { needsAof: boolean }): Promise<RedisFigures> {
  const infos = await Promise.all(servers.map(async (server) => parseInfo(await server.info())));
  const total = (read: (info: Map<string, string>) => number) => infos.map(read).reduce((sum, one) => sum + one, 0);
  const number = (name: string) => (info: Map<string, string>) => Number(info.get(name) ?? 0);
  const areAll = (name: string, wanted: string) => infos.every((info) => (info.get(name) ?? wanted) === wanted);
  const aofWorks = areAll("aof_last_write_status", "ok") && areAll("aof_last_bgrewrite_status", "ok");
  return {
    ...fullest(servers, infos),
    policies: [...new Set(infos.map((info) => info.get("maxmemory_policy") ?? ""))],
    evictedKeys: total(number("evicted_keys")),
    delayedSyncs: total(number("aof_delayed_fsync")),
    aofOk: aofWorks && (!needsAof || areAll("aof_enabled", "1")),
    snapshotOk: areAll("rdb_last_bgsave_status", "ok"),
    readAt: Date.now(),
  };
}
