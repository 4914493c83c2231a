import { Cluster, type ClusterOptions, Redis, type RedisOptions } from "ioredis";
import { ConfigError } from "../../config/config.js";
import { parseAddress, parseDb, type RedisAddress } from "./parse-address.js";
import { readTls } from "./redis-tls.js";

/** A client of a single server, of a Sentinel's master, or of a Cluster. */
export type RedisClient = Redis | Cluster;

/** Makes the client that an address names. `variable` is where the address came from, for the error only. */
export function openRedis(address: string, variable: string, options: RedisOptions): RedisClient {
  if (address.startsWith("unix://")) return new Redis({ ...options, path: address.slice("unix://".length) });
  const parsed = parseAddress(address, variable);
  const [name = "", db = "0"] = parsed.path;
  const tls = readTls(parsed, variable);
  const all = { ...options, ...parsed.user, ...(tls && { tls }) };
  switch (parsed.kind) {
    case "single":
      return new Redis({ ...all, ...parsed.hosts[0], db: parseDb(name, variable) });
    case "sentinel":
      if (!name) throw new ConfigError(`${variable}: name the master: redis+sentinel://host:26379,host:26379/mymaster`);
      return new Redis({ ...all, ...sentinelOptions(parsed, tls), name, db: parseDb(db, variable) });
    case "cluster":
      return new Cluster(parsed.hosts, clusterOptions(all));
  }
}

/** Throws a ConfigError unless Redis has the address' database. ioredis alone would go on in database 0. */
export async function requireDatabase(client: RedisClient, variable: string): Promise<void> {
  const { db = 0 } = client.options as RedisOptions;
  if (db === 0) return;
  await (client as Redis).select(db).catch((error: Error) => {
    if (!/^(ERR|NOPERM) /.test(error.message)) throw error;
    throw new ConfigError(`${variable}: Redis has no database ${db} (${error.message})`);
  });
}

/** With TLS, the Sentinels have the certificates of the same CA as their servers. */
function sentinelOptions({ hosts, parameters }: RedisAddress, tls: RedisOptions["tls"]): RedisOptions {
  const { sentinel_username: sentinelUsername, sentinel_password: sentinelPassword } = parameters;
  return {
    sentinels: hosts,
    ...(tls && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
    ...(sentinelUsername && { sentinelUsername }),
    ...(sentinelPassword && { sentinelPassword }),
  };
}

function clusterOptions(options: RedisOptions): ClusterOptions {
  const { enableOfflineQueue = true, lazyConnect = false, ...redisOptions } = options;
  return {
    redisOptions,
    lazyConnect,
    // ioredis would connect to the number behind a host's name, and no certificate is for that number.
    ...(redisOptions.tls && { dnsLookup: (host, found) => found(null, host) }),
    enableOfflineQueue,
    // Without its offline queue, ioredis refuses its own CLUSTER INFO as long as the Cluster is not ready.
    enableReadyCheck: enableOfflineQueue,
    // A command that a node refused is not sent again: its outcome may be unknown, and the caller has the job's id.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
  };
}
