import type { RedisOptions } from "ioredis";
import { ConfigError } from "../../config/config.js";

/** The parameters that an address may have behind its "?", and where they are of use. */
const parameterNames = ["ca", "cert", "key", "servername", "sentinel_username", "sentinel_password"] as const;
type ParameterName = (typeof parameterNames)[number];

/** An address of Redis in parts. */
export interface RedisAddress {
  kind: "single" | "sentinel" | "cluster";
  hasTls: boolean;
  hosts: { host: string; port: number }[];
  user: Pick<RedisOptions, "username" | "password">;
  /** What follows the hosts: a database, or a Sentinel's master and a database. */
  path: string[];
  parameters: Partial<Record<ParameterName, string>>;
}

const form = /^(redis|rediss)(\+sentinel|\+cluster)?:\/\/(?:([^@/]*)@)?([^/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/;

/** Takes an address apart. Throws a ConfigError that names the variable, and shows nothing of the address. */
export function parseAddress(address: string, variable: string): RedisAddress {
  const [, scheme, variant, login, hostList, path = "", query = ""] = form.exec(address) ?? [];
  if (!scheme || !hostList) {
    throw new ConfigError(
      `${variable}: is not a Redis address; use redis://host:6379, unix:///path, redis+sentinel://host,host/master or redis+cluster://host,host, with TLS rediss://, rediss+sentinel:// or rediss+cluster://`,
    );
  }
  const kind = variant === "+sentinel" ? "sentinel" : variant === "+cluster" ? "cluster" : "single";
  const parameters = parseParameters(query, variable);
  const unfit = Object.keys(parameters).find((name) => name.startsWith("sentinel_") && kind !== "sentinel");
  if (unfit)
    throw new ConfigError(`${variable}: its parameter "${unfit}" is for redis+sentinel:// and rediss+sentinel://`);
  return {
    kind,
    hasTls: scheme === "rediss",
    hosts: parseHosts(hostList, kind === "sentinel" ? 26379 : 6379, variable),
    user: parseLogin(login, variable),
    path: path.split("/"),
    parameters,
  };
}

export function parseDb(db: string, variable: string): number {
  if (!/^\d{0,5}$/.test(db)) throw new ConfigError(`${variable}: its database is not a number`);
  return Number(db);
}

function parseParameters(query: string, variable: string): RedisAddress["parameters"] {
  const given = [...new URLSearchParams(query)];
  const unknown = given.find(([name]) => !parameterNames.includes(name as ParameterName));
  if (unknown) {
    throw new ConfigError(
      `${variable}: has no parameter "${unknown[0]}"; the parameters are ${parameterNames.join(", ")}`,
    );
  }
  return Object.fromEntries(given);
}

function parseHosts(hostList: string, port: number, variable: string): RedisAddress["hosts"] {
  return hostList.split(",").map((entry) => {
    const [, host = "", given] = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(entry) ?? [];
    if (!host) throw new ConfigError(`${variable}: its list of hosts has an entry that is not host:port`);
    return { host: host.replace(/^\[|\]$/g, ""), port: parsePort(given ?? String(port), variable) };
  });
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
