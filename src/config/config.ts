import { availableParallelism } from "node:os";
import type { z } from "zod";
import { bytes, duration, flag, integer, list, memory, oneOf, optional, text } from "./kinds.js";

const defaultIncomingBytes = 128 << 20;

/**
 * Every setting, once: its variable, default, meaning and rule. The README's table is made from this list
 * (`make generate`), and the process reads its environment nowhere else.
 */
export const settings = {
  host: text("POSTA_HOST", "127.0.0.1", "Address that gRPC and HTTP listen on. Any but loopback wants TLS and auth."),
  grpcPort: integer("POSTA_GRPC_PORT", 50051, 1, 65535, "Port of gRPC, shared by all servers."),
  httpPort: integer("POSTA_HTTP_PORT", 8080, 1, 65535, "Port of HTTP, shared by all servers."),
  adminHost: text("POSTA_ADMIN_HOST", "127.0.0.1", "Address of the admin port. It has no auth of its own."),
  adminHosts: list(
    "POSTA_ADMIN_HOSTS",
    "Host names under which the admin port is asked, as by Prometheus, comma between. IP addresses, localhost and this machine's own name need not be listed.",
  ),
  adminPort: integer(
    "POSTA_ADMIN_PORT",
    9464,
    1,
    65535,
    "Port of the status page, /status, /metrics, /livez, /readyz, /healthz, /queues and /log-level.",
  ),
  queueUiWrite: flag(
    "POSTA_QUEUE_UI_WRITE",
    "1: whoever reaches the admin port may also change jobs and queues at /queues. 0: only look at them.",
  ),
  servers: integer("POSTA_SERVERS", availableParallelism(), 1, 256, "Server processes.", "one a core"),
  deliveries: integer(
    "POSTA_DELIVERIES",
    1,
    0,
    16,
    "Processes that do the work in the background: migrations and upkeep of the database, the spool. 0: leave it to another Posta on the same stores.",
  ),
  queueRedisUrl: optional(
    "POSTA_QUEUE_REDIS_URL",
    "Redis of the queues: redis://, rediss://, unix:///path, redis+sentinel://host,host/master or redis+cluster://host,host. Unset: an embedded, private one.",
  ),
  queuePrefix: text("POSTA_QUEUE_PREFIX", "bull", "Prefix of BullMQ's keys. On a Redis Cluster it needs a {hash tag}."),
  allowNoAof: flag(
    "POSTA_ALLOW_NO_AOF",
    "1: start although the queues' Redis keeps no append-only file, and lose jobs with it.",
  ),
  analyticsRedisUrl: optional(
    "POSTA_ANALYTICS_REDIS_URL",
    "Redis of the analytics, in the same forms. It may evict. Unset: an embedded, private one.",
  ),
  analyticsPrefix: text(
    "POSTA_ANALYTICS_PREFIX",
    "analytics",
    "What the analytics' keys begin with. On a Redis Cluster it needs a {hash tag}.",
  ),
  analyticsMaxAgeMs: duration(
    "POSTA_ANALYTICS_MAX_AGE",
    "1h",
    60_000,
    "How old an event may be. The same in all processes: an hour is closed when no event of it can come any more.",
  ),
  analyticsMaxLeadMs: duration(
    "POSTA_ANALYTICS_MAX_LEAD",
    "5m",
    0,
    "How far ahead of the server an event's time may be.",
  ),
  analyticsIdWindowMs: duration("POSTA_ANALYTICS_ID_WINDOW", "10m", 1000, "How long an event's id is remembered."),
  analyticsHotMs: duration(
    "POSTA_ANALYTICS_HOT",
    "48h",
    6 * 3_600_000,
    "How long Redis keeps an hour after its end. What is not in PostgreSQL by then is lost.",
    31 * 24 * 3_600_000,
  ),
  analyticsMaxSeries: integer(
    "POSTA_ANALYTICS_MAX_SERIES",
    1000,
    10,
    100_000,
    'Series that an event name may have in an hour; what is over that counts under the value "other".',
  ),
  analyticsMaxNames: integer("POSTA_ANALYTICS_MAX_NAMES", 1000, 1, 100_000, "Event names that an hour may have."),
  analyticsRecent: integer("POSTA_ANALYTICS_RECENT", 1000, 1, 10_000, "Last events that are kept of a name."),
  analyticsBuffer: integer(
    "POSTA_ANALYTICS_BUFFER",
    10_000,
    100,
    1_000_000,
    "ACCEPTED events that one server keeps while they cannot be written.",
  ),
  analyticsMaxPending: integer(
    "POSTA_ANALYTICS_MAX_PENDING",
    50_000,
    1,
    10_000_000,
    "Unanswered events of one server; over it, RESOURCE_EXHAUSTED.",
  ),
  analyticsMaxMemory: memory(
    "POSTA_ANALYTICS_MAX_MEMORY",
    "2gb",
    16 << 20,
    "Memory of the embedded analytics Redis; over it, it evicts what was not used for longest.",
  ),
  databaseUrl: optional(
    "POSTA_DATABASE_URL",
    "PostgreSQL of messages, spool and history: postgresql://user:password@host:5432/database, or a Unix socket's folder in ?host=. Unset: an embedded, private one.",
  ),
  databasePool: integer(
    "POSTA_DATABASE_POOL",
    20,
    1,
    1000,
    "Connections of one process to PostgreSQL, at most. All processes together must stay under its max_connections.",
  ),
  databaseTimeoutMs: duration("POSTA_DATABASE_TIMEOUT", "10s", 100, "How long a statement may take in PostgreSQL."),
  spoolMaxJobs: integer(
    "POSTA_SPOOL_MAX_JOBS",
    1_000_000,
    0,
    1_000_000_000,
    "Jobs that may wait in PostgreSQL while the queues' Redis cannot take them; over it, RESOURCE_EXHAUSTED.",
  ),
  senders: list(
    "POSTA_WHATSAPP_SENDERS",
    "The numbers that messages are sent from, comma between: the Cloud API's phone number ids. The first is the default.",
  ),
  whatsappUrl: text("POSTA_WHATSAPP_URL", "https://graph.facebook.com", "Address of the WhatsApp Cloud API."),
  whatsappVersion: text("POSTA_WHATSAPP_VERSION", "v26.0", "Version of the Cloud API."),
  whatsappToken: optional("POSTA_WHATSAPP_TOKEN", "The Cloud API's bearer token."),
  whatsappTokenFile: optional(
    "POSTA_WHATSAPP_TOKEN_FILE",
    "A file with the token instead; it is read again when it changes.",
  ),
  whatsappAppSecret: optional(
    "POSTA_WHATSAPP_APP_SECRET",
    "The app's secret, which webhooks are signed with. Without it they are refused.",
  ),
  whatsappVerifyToken: optional(
    "POSTA_WHATSAPP_VERIFY_TOKEN",
    "What the webhook's address is confirmed with, as entered in the app's settings.",
  ),
  whatsappTimeoutMs: duration("POSTA_WHATSAPP_TIMEOUT", "10s", 100, "How long the Cloud API may take for an answer."),
  whatsappRate: integer(
    "POSTA_WHATSAPP_RATE",
    80,
    0,
    100_000,
    "Messages a second from one number, over all processes. 0: no limit.",
  ),
  whatsappPairIntervalMs: duration(
    "POSTA_WHATSAPP_PAIR_INTERVAL",
    "6s",
    0,
    "Time between messages from one number to the same recipient, beyond the burst. 0s: no limit.",
  ),
  whatsappPairBurst: integer("POSTA_WHATSAPP_PAIR_BURST", 45, 1, 10_000, "How many may go to a recipient at once."),
  messageAttempts: integer(
    "POSTA_MESSAGE_ATTEMPTS",
    5,
    1,
    100,
    "How often a message is tried before it is FAILED, where trying again makes sense.",
  ),
  messageConcurrency: integer(
    "POSTA_MESSAGE_CONCURRENCY",
    50,
    1,
    1000,
    "Requests to the Cloud API at a time, of one delivery process and one number, at most.",
  ),
  messageKeyWindowMs: duration(
    "POSTA_MESSAGE_KEY_WINDOW",
    "168h",
    60_000,
    "How long a message's idempotency key is remembered.",
    90 * 24 * 3_600_000,
  ),
  analyticsMonths: integer(
    "POSTA_ANALYTICS_MONTHS",
    120,
    2,
    1200,
    "Months that the analytics' history is kept, this one among them. The longest question is about 120.",
  ),
  messageMonths: integer(
    "POSTA_MESSAGE_MONTHS",
    13,
    5,
    1200,
    "Months that messages, their history and dead letters are kept, this one among them. Some are sent 90 days later.",
  ),
  maxPendingMessages: integer(
    "POSTA_MAX_PENDING_MESSAGES",
    20_000,
    1,
    10_000_000,
    "Unanswered messages of one server; over it, RESOURCE_EXHAUSTED.",
  ),
  redisTimeoutMs: duration("POSTA_REDIS_TIMEOUT", "3s", 100, "How long Redis may be silent before it counts as lost."),
  dataDir: text("POSTA_DATA_DIR", ".posta", "Folder of the embedded stores' data."),
  defaultDeadlineMs: duration("POSTA_DEFAULT_DEADLINE", "10s", 1, "Deadline of a unary call that brings none."),
  maxDeadlineMs: duration(
    "POSTA_MAX_DEADLINE",
    "60s",
    1,
    "Longest deadline of a unary call; a longer one is cut to it.",
  ),
  drainTimeoutMs: duration(
    "POSTA_DRAIN_TIMEOUT",
    "20s",
    0,
    "How long a stopping server waits for its calls to finish.",
  ),
  maxMessageBytes: bytes("POSTA_MAX_MESSAGE_BYTES", 4 << 20, 1024, "Largest request, in bytes."),
  maxIncomingBytes: integer(
    "POSTA_MAX_INCOMING_BYTES",
    defaultIncomingBytes,
    1 << 20,
    2 ** 31,
    "Bytes of requests that one server holds while the requests come in; over it, RESOURCE_EXHAUSTED. At least, and unset, twice POSTA_MAX_MESSAGE_BYTES. Services without auth have a 16th of it apart.",
  ),
  maxJobBytes: bytes("POSTA_MAX_JOB_BYTES", 1 << 20, 1, "Largest data_json, in bytes of UTF-8."),
  maxStreams: integer("POSTA_MAX_STREAMS", 1000, 1, 1_000_000, "Concurrent calls on one connection."),
  maxCalls: integer(
    "POSTA_MAX_CALLS",
    2000,
    1,
    1_000_000,
    "Unary calls that one server works on at once; over it, RESOURCE_EXHAUSTED. Probes are not counted.",
  ),
  maxSessionMemoryMb: integer("POSTA_MAX_SESSION_MEMORY", 16, 1, 1024, "HTTP/2 memory of one connection, in MB."),
  maxPendingJobs: integer(
    "POSTA_MAX_PENDING_JOBS",
    50_000,
    1,
    10_000_000,
    "Unanswered jobs of one server; over it, RESOURCE_EXHAUSTED.",
  ),
  maxPendingBytes: bytes("POSTA_MAX_PENDING_BYTES", 64 << 20, 1024, "The same, in bytes of their payloads."),
  maxConnectionAgeMs: duration(
    "POSTA_MAX_CONNECTION_AGE",
    "30m",
    1000,
    "Age at which a connection is told to reconnect, which spreads clients over the servers.",
  ),
  maxConnectionAgeGraceMs: duration(
    "POSTA_MAX_CONNECTION_AGE_GRACE",
    "5m",
    1000,
    "How long calls on such a connection may still take.",
  ),
  keepaliveTimeMs: duration("POSTA_KEEPALIVE_TIME", "60s", 1000, "Silence after which a connection is pinged."),
  keepaliveTimeoutMs: duration(
    "POSTA_KEEPALIVE_TIMEOUT",
    "20s",
    100,
    "How long the ping may take before the connection is closed.",
  ),
  tlsCertFile: optional("POSTA_TLS_CERT_FILE", "Certificate chain, PEM. With POSTA_TLS_KEY_FILE: TLS is on."),
  tlsKeyFile: optional("POSTA_TLS_KEY_FILE", "Private key, PEM."),
  tlsClientCaFile: optional(
    "POSTA_TLS_CLIENT_CA_FILE",
    "CA of client certificates, PEM. Set: a client without one is refused. Without POSTA_AUTH_FILE a certificate of it gives all rights.",
  ),
  authFile: optional(
    "POSTA_AUTH_FILE",
    "Callers, a line each: name, SHA-256 of the token in hex (or a certificate's name), patterns of queues, event names and sending numbers. See Callers.",
  ),
  insecure: flag("POSTA_INSECURE", "1: listen on any address without TLS and auth."),
  metricsIntervalMs: duration(
    "POSTA_METRICS_INTERVAL",
    "5s",
    100,
    "How often the queues are counted for /metrics. At most 10s: /status takes figures of 16 s ago for old ones.",
    10_000,
  ),
  metricsMaxQueues: integer(
    "POSTA_METRICS_MAX_QUEUES",
    500,
    0,
    10_000,
    "How many queues /metrics shows: Posta's own, and then the first in name order.",
  ),
  inspect: flag(
    "POSTA_INSPECT",
    "1: each server opens Node's inspector on a loopback port of its own, which it prints. Whoever reaches that can run code in the server: for a developer's machine.",
  ),
  logLevel: oneOf(
    "POSTA_LOG_LEVEL",
    "info",
    ["debug", "info", "warn", "error", "silent"],
    "Least severe level that is logged.",
  ),
};

/** How long an hour that no event can come for any more must still be in Redis, to be rolled up. */
const minRollUpMs = 4 * 3_600_000;

/** One process's settings, all of them valid. Durations are in milliseconds. */
export type Config = Readonly<{ [K in keyof typeof settings]: z.output<(typeof settings)[K]["schema"]> }>;

/** Bad configuration: each line names a variable and the fix. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Reads the settings from an environment; throws a {@link ConfigError} that names every variable at fault. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(settings)) {
    const result = setting.schema.safeParse(env[setting.variable] || undefined);
    if (result.success) values[key] = result.data;
    else problems.push(`${setting.variable}: ${result.error.issues.map((issue) => issue.message).join(", ")}`);
  }
  problems.push(...unknownVariables(env));
  if (!env[settings.maxIncomingBytes.variable]) {
    values.maxIncomingBytes = Math.max(defaultIncomingBytes, 2 * Number(values.maxMessageBytes));
  }
  if (problems.length === 0) problems.push(...conflicts(values as Config));
  if (problems.length > 0) throw new ConfigError(problems.join("\n"));
  return Object.freeze(values) as Config;
}

/** A misspelt variable would otherwise be ignored in silence. */
function unknownVariables(env: NodeJS.ProcessEnv): string[] {
  const known = new Set<string>(Object.values(settings).map((setting) => setting.variable));
  return Object.keys(env)
    .filter((name) => name.startsWith("POSTA_") && !known.has(name) && !isServiceLink(name, env[name]))
    .map((name) => `${name}: no such setting; see the README's table`);
}

/** What Kubernetes puts into the environment for a Service that is called posta. */
function isServiceLink(name: string, value = ""): boolean {
  return /_SERVICE_(HOST|PORT)(_\w+)?$|_PORT_\d+_(TCP|UDP)(_\w+)?$/.test(name) || /^(tcp|udp):\/\//.test(value);
}

/** Rules between settings. */
function conflicts(config: Config): string[] {
  const problems: string[] = [];
  if (Boolean(config.tlsCertFile) !== Boolean(config.tlsKeyFile)) {
    problems.push("POSTA_TLS_CERT_FILE and POSTA_TLS_KEY_FILE: set both or neither");
  }
  if (config.tlsClientCaFile && !config.tlsCertFile) {
    problems.push("POSTA_TLS_CLIENT_CA_FILE: needs POSTA_TLS_CERT_FILE and POSTA_TLS_KEY_FILE");
  }
  const guarded = config.tlsCertFile && (config.authFile || config.tlsClientCaFile);
  if (!isLoopback(config.host) && !guarded && !config.insecure) {
    problems.push(
      `POSTA_HOST: ${config.host} is not loopback: set POSTA_TLS_CERT_FILE, POSTA_TLS_KEY_FILE and POSTA_AUTH_FILE (or POSTA_TLS_CLIENT_CA_FILE), or POSTA_INSECURE=1`,
    );
  }
  if (!isLoopback(config.adminHost) && !config.insecure) {
    problems.push(
      `POSTA_ADMIN_HOST: ${config.adminHost} is not loopback, and the admin port has no auth: set POSTA_INSECURE=1 if only trusted hosts reach it`,
    );
  }
  const badName = config.adminHosts.find((name) => !/^[\w-]+(\.[\w-]+)*\.?$/.test(name));
  if (badName !== undefined) {
    problems.push(`POSTA_ADMIN_HOSTS: "${badName}" is not a host name; leave out the scheme, the port and wildcards`);
  }
  if (new Set([config.grpcPort, config.httpPort, config.adminPort]).size < 3) {
    problems.push("POSTA_GRPC_PORT, POSTA_HTTP_PORT, POSTA_ADMIN_PORT: two of them are the same; give each its own");
  }
  if (config.defaultDeadlineMs > config.maxDeadlineMs) {
    problems.push("POSTA_DEFAULT_DEADLINE: is over POSTA_MAX_DEADLINE; lower it, or raise the other");
  }
  if (2 * config.maxMessageBytes > config.maxIncomingBytes) {
    problems.push(
      `POSTA_MAX_INCOMING_BYTES: is less than twice POSTA_MAX_MESSAGE_BYTES; raise it to ${2 * config.maxMessageBytes}, or lower the other`,
    );
  }
  if (config.maxJobBytes > config.maxMessageBytes) {
    problems.push("POSTA_MAX_JOB_BYTES: is over POSTA_MAX_MESSAGE_BYTES; lower it, or raise the other");
  }
  if (config.whatsappToken && config.whatsappTokenFile) {
    problems.push("POSTA_WHATSAPP_TOKEN and POSTA_WHATSAPP_TOKEN_FILE: set one of them");
  }
  const badSender = config.senders.find((sender) => !/^\d{5,20}$/.test(sender));
  if (badSender !== undefined) {
    problems.push(`POSTA_WHATSAPP_SENDERS: "${badSender}" is not a phone number id; it has 5 to 20 digits`);
  }
  if (!URL.canParse(config.whatsappUrl) || !/^https?:/.test(config.whatsappUrl)) {
    problems.push("POSTA_WHATSAPP_URL: is not an address; use one as https://graph.facebook.com");
  }
  if (!/^v\d+\.\d+$/.test(config.whatsappVersion)) {
    problems.push(`POSTA_WHATSAPP_VERSION: "${config.whatsappVersion}" is not a version; use one as v26.0`);
  }
  if (config.databaseUrl && !/^postgres(ql)?:\/\//.test(config.databaseUrl)) {
    problems.push("POSTA_DATABASE_URL: is not a PostgreSQL address; use postgresql://user:password@host:5432/database");
  }
  if (config.analyticsHotMs < config.analyticsMaxAgeMs + minRollUpMs) {
    problems.push(
      "POSTA_ANALYTICS_HOT: must be at least 4h over POSTA_ANALYTICS_MAX_AGE: an hour has to reach PostgreSQL",
    );
  }
  const clusters = [
    ["POSTA_QUEUE_PREFIX", "of a queue", "{bull}", config.queueRedisUrl, config.queuePrefix],
    ["POSTA_ANALYTICS_PREFIX", "of the analytics", "{analytics}", config.analyticsRedisUrl, config.analyticsPrefix],
  ] as const;
  for (const [variable, what, example, url, prefix] of clusters) {
    if (!url?.startsWith("redis+cluster:") || /\{[^{}]+\}/.test(prefix)) continue;
    problems.push(
      `${variable}: a Redis Cluster needs all keys ${what} in one slot: use a hash tag, as in "${example}"`,
    );
  }
  return problems;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
