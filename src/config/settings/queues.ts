import { bytes, integer, text } from "./kinds.js";

/** Jobs on their way into queues. */
export const queuesSettings = {
  queuePrefix: text(
    "POSTA_QUEUE_PREFIX",
    "bull",
    "Prefix of BullMQ's keys, the same as in the workers. A Redis Cluster needs a hash tag, such as {bull}.",
  ),
  maxJobBytes: bytes("POSTA_MAX_JOB_BYTES", 1 << 20, 1, "Largest data_json, in UTF-8."),
  maxPendingJobs: integer(
    "POSTA_MAX_PENDING_JOBS",
    50_000,
    1,
    10_000_000,
    "Unanswered jobs of one server. Over this: RESOURCE_EXHAUSTED.",
  ),
  maxPendingBytes: bytes(
    "POSTA_MAX_PENDING_BYTES",
    64 << 20,
    1024,
    "Payload bytes of the unanswered jobs of one server, and, in a separate budget, of its unanswered messages. Over this: RESOURCE_EXHAUSTED.",
  ),
  spoolMaxJobs: integer(
    "POSTA_SPOOL_MAX_JOBS",
    1_000_000,
    0,
    1_000_000_000,
    "Jobs that may wait in the spool while the queues' Redis cannot take them. Over this: RESOURCE_EXHAUSTED. 0: no spool.",
  ),
};
