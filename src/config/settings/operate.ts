import { availableParallelism } from "node:os";
import { duration, flag, integer, list, oneOf, text } from "./kinds.js";

/** How many processes run, how they stop, and what operators see. */
export const operateSettings = {
  servers: integer("POSTA_SERVERS", availableParallelism(), 1, 256, "Server processes.", "one per core"),
  deliveries: integer(
    "POSTA_DELIVERIES",
    1,
    0,
    16,
    "Delivery processes. They do the background work: migrations, partitions, the spool, WhatsApp messages, webhooks, the history of events. 0: another Posta on the same stores does this work.",
  ),
  stopDelayMs: {
    ...duration(
      "POSTA_STOP_DELAY",
      "5s",
      0,
      "How long a stopping Posta takes calls while health says NOT_SERVING, so that load balancers find out before the ports close.",
      300_000,
    ),
    shown: "5s, on loopback 0s",
  },
  drainTimeoutMs: duration("POSTA_DRAIN_TIMEOUT", "20s", 0, "How long a stopping server waits for calls in flight."),
  dataDir: text("POSTA_DATA_DIR", ".posta", "Folder for the data of the embedded stores."),
  adminHost: text(
    "POSTA_ADMIN_HOST",
    "127.0.0.1",
    "Address of the admin port, which has no auth. An address other than loopback needs POSTA_INSECURE=1.",
  ),
  adminHosts: list(
    "POSTA_ADMIN_HOSTS",
    "Host names that the admin port accepts in a request, separated by commas. Prometheus needs one if its target is a name. IP addresses, localhost and the machine's own name are always accepted.",
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
    "1: anyone who reaches the admin port may change jobs and queues at /queues. 0: they may only read them.",
  ),
  metricsIntervalMs: duration(
    "POSTA_METRICS_INTERVAL",
    "5s",
    100,
    "How often Posta counts the queues for /metrics. At most 10s, because /status treats figures older than 16 s as stale.",
    10_000,
  ),
  metricsMaxQueues: integer(
    "POSTA_METRICS_MAX_QUEUES",
    500,
    0,
    10_000,
    "Queues that /metrics shows: Posta's own queues first, then the others by name.",
  ),
  logLevel: oneOf(
    "POSTA_LOG_LEVEL",
    "info",
    ["debug", "info", "warn", "error", "silent"],
    "Lowest level that Posta logs.",
  ),
  inspect: flag(
    "POSTA_INSPECT",
    "1: each server opens Node's inspector on its own loopback port and prints that port. Anyone who reaches the port can run code in the server, so use this on a developer's machine only.",
  ),
};
