import { duration, flag, integer, memory, optional } from "./kinds.js";

/** Where the two Redis and PostgreSQL are. */
export const storesSettings = {
  queueRedisUrl: optional(
    "POSTA_QUEUE_REDIS_URL",
    "Redis of the queues: redis://, rediss://, unix:///path, redis+sentinel://host,host/master or redis+cluster://host,host. Unset: an embedded, private one.",
  ),
  allowNoAof: flag(
    "POSTA_ALLOW_NO_AOF",
    "1: start although the queues' Redis keeps no append-only file, and lose jobs with it.",
  ),
  analyticsRedisUrl: optional(
    "POSTA_ANALYTICS_REDIS_URL",
    "Redis of the analytics, in the same forms. It may evict. Unset: an embedded, private one.",
  ),
  analyticsMaxMemory: memory(
    "POSTA_ANALYTICS_MAX_MEMORY",
    "2gb",
    16 << 20,
    "Memory of the embedded analytics Redis; over it, it evicts what was not used for longest.",
  ),
  redisTimeoutMs: duration("POSTA_REDIS_TIMEOUT", "3s", 100, "How long Redis may be silent before it counts as lost."),
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
};
