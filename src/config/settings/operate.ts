import { availableParallelism } from "node:os";
import { duration, flag, integer, list, oneOf, text } from "./kinds.js";

/** How many processes run, how they stop, and what operators see. */
export const operateSettings = {
  servers: integer("POSTA_SERVERS", availableParallelism(), 1, 256, "Server processes.", "one a core"),
  deliveries: integer(
    "POSTA_DELIVERIES",
    1,
    0,
    16,
    "Processes that do the work in the background: migrations and upkeep of the database, the spool. 0: leave it to another Posta on the same stores.",
  ),
  drainTimeoutMs: duration(
    "POSTA_DRAIN_TIMEOUT",
    "20s",
    0,
    "How long a stopping server waits for its calls to finish.",
  ),
  dataDir: text("POSTA_DATA_DIR", ".posta", "Folder of the embedded stores' data."),
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
  logLevel: oneOf(
    "POSTA_LOG_LEVEL",
    "info",
    ["debug", "info", "warn", "error", "silent"],
    "Least severe level that is logged.",
  ),
  inspect: flag(
    "POSTA_INSPECT",
    "1: each server opens Node's inspector on a loopback port of its own, which it prints. Whoever reaches that can run code in the server: for a developer's machine.",
  ),
};
