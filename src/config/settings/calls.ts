import { bytes, duration, integer } from "./kinds.js";

/** Default of POSTA_MAX_INCOMING_BYTES, unless twice the largest message is more. */
export const defaultIncomingBytes = 128 << 20;

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
  maxMessageBytes: bytes("POSTA_MAX_MESSAGE_BYTES", 4 << 20, 1024, "Largest request."),
  maxIncomingBytes: bytes(
    "POSTA_MAX_INCOMING_BYTES",
    defaultIncomingBytes,
    1 << 20,
    "Memory of one server for requests that are still arriving. Over this: RESOURCE_EXHAUSTED. At least twice POSTA_MAX_MESSAGE_BYTES; an unset value is raised to that. Services that need no token have a separate budget of one 16th.",
    2 ** 31,
  ),
  maxCalls: integer(
    "POSTA_MAX_CALLS",
    2000,
    1,
    1_000_000,
    "Unary calls that one server handles at once. Over this: RESOURCE_EXHAUSTED. Probes do not count.",
  ),
  maxStreams: integer("POSTA_MAX_STREAMS", 1000, 1, 1_000_000, "Concurrent calls on one gRPC connection."),
  maxSessionMemoryMb: integer("POSTA_MAX_SESSION_MEMORY", 16, 1, 1024, "HTTP/2 memory of one gRPC connection, in MB."),
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
