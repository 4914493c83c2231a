import { bytes, integer, text } from "./kinds.js";

/** Jobs on their way into queues. */
export const queuesSettings = {
  queuePrefix: text("POSTA_QUEUE_PREFIX", "bull", "Prefix of BullMQ's keys. On a Redis Cluster it needs a {hash tag}."),
  maxJobBytes: bytes("POSTA_MAX_JOB_BYTES", 1 << 20, 1, "Largest data_json, in bytes of UTF-8."),
  maxPendingJobs: integer(
    "POSTA_MAX_PENDING_JOBS",
    50_000,
    1,
    10_000_000,
    "Unanswered jobs of one server; over it, RESOURCE_EXHAUSTED.",
  ),
  maxPendingBytes: bytes("POSTA_MAX_PENDING_BYTES", 64 << 20, 1024, "The same, in bytes of their payloads."),
  spoolMaxJobs: integer(
    "POSTA_SPOOL_MAX_JOBS",
    1_000_000,
    0,
    1_000_000_000,
    "Jobs that may wait in PostgreSQL while the queues' Redis cannot take them; over it, RESOURCE_EXHAUSTED.",
  ),
};
