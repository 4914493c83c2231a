import { bytes, duration, flag, integer, oneOf, optional } from "./kinds.js";

/** Where the two Redis and PostgreSQL are. */
export const storesSettings = {
  embedded: oneOf(
    "POSTA_EMBEDDED",
    "auto",
    ["auto", "missing", "never"],
    "Which private stores Posta starts. auto: all three if no store has an address; a mix is refused. missing: one for each store without an address. never: none.",
  ),
  queueRedisUrl: optional(
    "POSTA_QUEUE_REDIS_URL",
    "Redis of the queues: redis://host:6379, unix:///path, redis+sentinel://host,host/master or redis+cluster://host,host; with TLS rediss://, rediss+sentinel:// or rediss+cluster://. docs/operations/stores.md has examples. Unset: see POSTA_EMBEDDED.",
  ),
  allowNoAof: flag(
    "POSTA_ALLOW_NO_AOF",
    "1: start with a queues' Redis that keeps no append-only file. Jobs are lost when that Redis dies.",
  ),
  analyticsRedisUrl: optional(
    "POSTA_ANALYTICS_REDIS_URL",
    "Redis of the analytics, with the address forms of POSTA_QUEUE_REDIS_URL. This Redis may evict. Unset: see POSTA_EMBEDDED.",
  ),
  analyticsMaxMemory: bytes(
    "POSTA_ANALYTICS_MAX_MEMORY",
    "2gb",
    16 << 20,
    "Memory limit of the embedded analytics' Redis. Over this, that Redis evicts the least recently used keys.",
  ),
  redisTimeoutMs: duration(
    "POSTA_REDIS_TIMEOUT",
    "3s",
    100,
    "How long a Redis may be silent before its connection counts as lost.",
  ),
  databaseUrl: optional(
    "POSTA_DATABASE_URL",
    "PostgreSQL of messages, spool and history: postgresql://user:password@host:5432/database, or a Unix socket's folder in ?host=. Unset: see POSTA_EMBEDDED.",
  ),
  databasePool: integer(
    "POSTA_DATABASE_POOL",
    20,
    1,
    1000,
    "Most connections of one process to PostgreSQL. All processes together must stay under PostgreSQL's max_connections.",
  ),
  databaseTimeoutMs: duration("POSTA_DATABASE_TIMEOUT", "10s", 100, "Longest run time of one statement in PostgreSQL."),
};
