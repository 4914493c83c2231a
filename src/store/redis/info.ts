import { Cluster, type Redis } from "ioredis";
import { limitOf } from "../../telemetry/metrics/memory-limit.js";
import type { RedisClient } from "./address.js";

/** What INFO says of a store: of all its servers together, where it is a cluster, but for the memory. */
export interface RedisFigures {
  /** Of the server that is nearest to its limit: a queue's keys are all on one, and the others' room is of no use to it. */
  usedBytes: number;
  /** Its maxmemory; the machine's, or the container's, where none is set, and 0 where not even that is told. */
  maxBytes: number;
  /** As in redis.conf: "noeviction". Of several that differ, each once. */
  policies: string[];
  evictedKeys: number;
  /** Writes to the append-only file that had to wait for the disk. */
  delayedSyncs: number;
  /** Whether the append-only file is as it should be: its last write worked, and the last one of the whole file anew. */
  aofOk: boolean;
  /** Whether the last snapshot worked. */
  snapshotOk: boolean;
  /** When this was read, in milliseconds since 1970. */
  readAt: number;
}

/** The servers behind a client that take writes. */
export function mastersOf(client: RedisClient): Redis[] {
  return client instanceof Cluster ? client.nodes("master") : [client];
}

/** The lines of INFO, by name. */
export function parseInfo(info: string): Map<string, string> {
  return new Map(info.split("\r\n").map((line) => line.split(/:(.*)/s).slice(0, 2) as [string, string]));
}

/** One that is reached by a socket is on this machine, and in this container. */
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

/** `needsAof`: one that keeps no append-only file is not as it should be. */
export async function readFigures(client: RedisClient, { needsAof }: { needsAof: boolean }): Promise<RedisFigures> {
  const servers = mastersOf(client);
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
