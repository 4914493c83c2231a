import { bytes, integer, renamed, text } from "./kinds.js";

/** Jobs on their way into queues. */
export const queuesSettings = {
  queuePrefix: text(
    "POSTA_QUEUE_PREFIX",
    "bull",
    "Prefix of BullMQ's keys, the same as in the workers. A Redis Cluster needs a hash tag, such as {bull}.",
  ),
  maxJobBytes: renamed(
    bytes("POSTA_QUEUE_MAX_JOB_BYTES", "1mb", 1, "Largest data_json, in UTF-8.", 1 << 30),
    "POSTA_MAX_JOB_BYTES",
  ),
  maxPendingJobs: renamed(
    integer(
      "POSTA_QUEUE_MAX_PENDING",
      50_000,
      1,
      10_000_000,
      "Unanswered jobs of one server, and, in a separate budget, its unanswered reports and updates of workers. Over this: RESOURCE_EXHAUSTED.",
    ),
    "POSTA_MAX_PENDING_JOBS",
  ),
  spoolMaxJobs: renamed(
    integer(
      "POSTA_QUEUE_MAX_SPOOLED",
      1_000_000,
      0,
      1_000_000_000,
      "Jobs that may wait in the spool while the queues' Redis cannot take them. Over this: RESOURCE_EXHAUSTED. 0: no spool.",
    ),
    "POSTA_SPOOL_MAX_JOBS",
  ),
};
