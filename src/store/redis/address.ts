import { Cluster, type ClusterOptions, Redis, type RedisOptions } from "ioredis";
import { ConfigError } from "../../config/config.js";

/** A client of a single server, of a Sentinel's master, or of a Cluster. */
export type RedisClient = Redis | Cluster;

/** Makes the client that an address names. `variable` is where the address came from, for the error only. */
export function openRedis(address: string, variable: string, options: RedisOptions): RedisClient {
  if (address.startsWith("unix://")) return new Redis({ ...options, path: address.slice("unix://".length) });
  const { scheme, hosts, user, path } = parse(address, variable);
  const [name = "", db = "0"] = path;
  switch (scheme) {
    case "redis":
    case "rediss": {
      const tls = scheme === "rediss" ? { tls: {} } : {};
      return new Redis({ ...options, ...tls, ...user, ...hosts[0], db: parseDb(name, variable) });
    }
    case "redis+sentinel":
      if (!name) throw new ConfigError(`${variable}: name the master: redis+sentinel://host:26379,host:26379/mymaster`);
      return new Redis({ ...options, ...user, sentinels: hosts, name, db: parseDb(db, variable) });
    default:
      return new Cluster(hosts, clusterOptions({ ...options, ...user }));
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

function parse(address: string, variable: string) {
  const [, scheme, login, hostList, path] =
    /^(rediss?|redis\+sentinel|redis\+cluster):\/\/(?:([^@/]*)@)?([^/?#]+)(?:\/([^?#]*))?$/.exec(address) ?? [];
  if (!scheme || !hostList) {
    throw new ConfigError(
      `${variable}: is not a Redis address; use redis://host:6379, rediss://, unix:///path, redis+sentinel://host,host/master or redis+cluster://host,host`,
    );
  }
  const port = scheme === "redis+sentinel" ? 26379 : 6379;
  const hosts = hostList.split(",").map((entry) => {
    const [, host = "", given] = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(entry) ?? [];
    if (!host) throw new ConfigError(`${variable}: its list of hosts has an entry that is not host:port`);
    return { host: host.replace(/^\[|\]$/g, ""), port: parsePort(given ?? String(port), variable) };
  });
  return { scheme, hosts, user: parseLogin(login, variable), path: (path ?? "").split("/") };
}

function parseLogin(login: string | undefined, variable: string): Pick<RedisOptions, "username" | "password"> {
  if (login === undefined) return {};
  try {
    const [username = "", password = ""] = login.split(/:(.*)/s).map(decodeURIComponent);
    return username ? { username, password } : { password };
  } catch {
    throw new ConfigError(`${variable}: its user or password has a '%' that is not part of a code; write it as %25`);
  }
}

function parsePort(port: string, variable: string): number {
  const value = Number(port);
  if (value < 1 || value > 65_535) throw new ConfigError(`${variable}: its port ${port} is not from 1 to 65535`);
  return value;
}

function parseDb(db: string, variable: string): number {
  if (!/^\d{0,5}$/.test(db)) throw new ConfigError(`${variable}: its database is not a number`);
  return Number(db);
}

function clusterOptions(options: RedisOptions): ClusterOptions {
  const { enableOfflineQueue = true, lazyConnect = false, ...redisOptions } = options;
  return {
    redisOptions,
    lazyConnect,
    enableOfflineQueue,
    // Without its offline queue, ioredis refuses its own CLUSTER INFO as long as the Cluster is not ready.
    enableReadyCheck: enableOfflineQueue,
    // A command that a node refused is not sent again: its outcome may be unknown, and the caller has the job's id.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
  };
}
