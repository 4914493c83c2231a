import { bytes, duration, integer } from "./kinds.js";

/** POSTA_MAX_INCOMING_BYTES where it is not set, unless twice the largest message is more. */
export const defaultIncomingBytes = 128 << 20;

/** What calls and connections may take. */
export const callsSettings = {
  defaultDeadlineMs: duration("POSTA_DEFAULT_DEADLINE", "10s", 1, "Deadline of a unary call that brings none."),
  maxDeadlineMs: duration(
    "POSTA_MAX_DEADLINE",
    "60s",
    1,
    "Longest deadline of a unary call; a longer one is cut to it.",
  ),
  maxMessageBytes: bytes("POSTA_MAX_MESSAGE_BYTES", 4 << 20, 1024, "Largest request, in bytes."),
  maxIncomingBytes: integer(
    "POSTA_MAX_INCOMING_BYTES",
    defaultIncomingBytes,
    1 << 20,
    2 ** 31,
    "Bytes of requests that one server holds while the requests come in; over it, RESOURCE_EXHAUSTED. At least, and unset, twice POSTA_MAX_MESSAGE_BYTES. Services without auth have a 16th of it apart.",
  ),
  maxCalls: integer(
    "POSTA_MAX_CALLS",
    2000,
    1,
    1_000_000,
    "Unary calls that one server works on at once; over it, RESOURCE_EXHAUSTED. Probes are not counted.",
  ),
  maxStreams: integer("POSTA_MAX_STREAMS", 1000, 1, 1_000_000, "Concurrent calls on one connection."),
  maxSessionMemoryMb: integer("POSTA_MAX_SESSION_MEMORY", 16, 1, 1024, "HTTP/2 memory of one connection, in MB."),
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
};
