import { bytes, duration, integer, renamed } from "./kinds.js";

/** Limits of calls and connections. */
export const callsSettings = {
  defaultDeadlineMs: duration(
    "POSTA_DEFAULT_DEADLINE",
    "10s",
    1,
    "Deadline of a unary call that sets none. A message of a stream must arrive within this time, too.",
  ),
  maxDeadlineMs: duration(
    "POSTA_MAX_DEADLINE",
    "60s",
    1,
    "Longest deadline of a unary call. A longer deadline is shortened to this.",
  ),
  maxMessageBytes: bytes("POSTA_MAX_MESSAGE_BYTES", "4mb", 1024, "Largest request.", 1 << 30),
  maxIncomingBytes: bytes(
    "POSTA_MAX_INCOMING_BYTES",
    "128mb",
    1 << 20,
    "Memory of one server for requests that are still arriving. Over this: RESOURCE_EXHAUSTED. At least twice POSTA_MAX_MESSAGE_BYTES; an unset value is raised to that. Services that need no token have a separate budget of one 16th.",
    2 ** 31,
  ),
  maxPendingBytes: bytes(
    "POSTA_MAX_PENDING_BYTES",
    "64mb",
    1024,
    "Payload bytes of the unanswered jobs of one server, and, in separate budgets, of its unanswered messages and of its unanswered reports and updates of workers. Over this: RESOURCE_EXHAUSTED.",
    1 << 30,
  ),
  maxCalls: integer(
    "POSTA_MAX_CALLS",
    2000,
    1,
    1_000_000,
    "Unary calls that one server handles at once. Over this: RESOURCE_EXHAUSTED. Probes do not count. ReportOutcomes and ExtendLeases may exceed it by a quarter.",
  ),
  maxStreams: integer("POSTA_MAX_STREAMS", 1000, 1, 1_000_000, "Concurrent calls on one gRPC connection."),
  maxSessionBytes: renamed(
    bytes("POSTA_MAX_SESSION_BYTES", "16mb", 1 << 20, "HTTP/2 memory of one gRPC connection.", 1 << 30),
    "POSTA_MAX_SESSION_MEMORY",
    (value) => (/^\d+$/.test(value) ? `${value}mb` : value), // A number was one of megabytes.
  ),
  maxConnectionAgeMs: duration(
    "POSTA_MAX_CONNECTION_AGE",
    "30m",
    1000,
    "Age at which the server asks a client to reconnect, so that clients spread over the servers.",
  ),
  maxConnectionAgeGraceMs: duration(
    "POSTA_MAX_CONNECTION_AGE_GRACE",
    "5m",
    1000,
    "How long calls may continue on a connection that reached POSTA_MAX_CONNECTION_AGE.",
  ),
  keepaliveTimeMs: duration(
    "POSTA_KEEPALIVE_TIME",
    "60s",
    1000,
    "Silence on a connection after which the server sends a ping.",
  ),
  keepaliveTimeoutMs: duration(
    "POSTA_KEEPALIVE_TIMEOUT",
    "20s",
    100,
    "How long the server waits for the ping's answer before it closes the connection.",
  ),
};
