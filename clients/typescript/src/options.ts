import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { TlsOptions } from "./session/connection.js";

export interface WorkerOptions {
  /** The most jobs at a time, 1 to 1000. Absent: 10. */
  concurrency?: number;
  /** Where Posta is, as host:port. Of several, the next is tried when one fails. Absent: 127.0.0.1:50051. */
  address?: string | readonly string[];
  /** The bearer token of POSTA_AUTH_FILE. A function is asked at the begin of each session. */
  token?: string | (() => string);
  /** true: TLS with the system's authorities. Absent: no TLS. */
  tls?: boolean | TlsOptions;
  /** How long Posta waits for a sign of life before it gives a job to another worker, 3 s to 1 h. Absent: 30,000 ms. */
  leaseMs?: number;
  /** Names the worker in ListWorkers, at most 128 bytes. Absent: host, process id, and a random part. */
  name?: string;
  /** What the worker runs, such as "mailer 1.4.2". ListWorkers shows it. */
  version?: string;
  /** How long `stop` lets jobs run, in milliseconds. Absent: 20,000. */
  stopMs?: number;
  /** Whether SIGTERM and SIGINT stop the worker. A second signal ends the process. Absent: true. */
  stopOnSignals?: boolean;
  /** The pause before a new session: random, up to `minMs` at first, and up to `maxMs` later. Absent: 250 ms and 10 s. */
  reconnect?: { minMs?: number; maxMs?: number };
  /** Gets a line for each change of the connection, and for each job that is lost. Absent: console.error. */
  log?: (line: string) => void;
}

export type Settings = ReturnType<typeof readOptions>;

/** The options of a worker, each with a value. */
export function readOptions(queue: string, options: WorkerOptions) {
  const { address = "127.0.0.1:50051", tls = false, reconnect = {} } = options;
  if (queue === "") throw new TypeError("queue: is required");
  const addresses = typeof address === "string" ? [address] : [...address];
  if (addresses.length === 0) throw new TypeError("address: is required");
  return {
    queue,
    addresses,
    token: options.token,
    tls: tls === true ? {} : tls || undefined,
    concurrency: inRange("concurrency", options.concurrency ?? 10, 1, 1000),
    leaseMs: inRange("leaseMs", options.leaseMs ?? 30_000, 3000, 3_600_000),
    name: options.name ?? defaultName(),
    version: options.version ?? "",
    stopMs: inRange("stopMs", options.stopMs ?? 20_000, 0, 3_600_000),
    stopOnSignals: options.stopOnSignals ?? true,
    minPauseMs: inRange("reconnect.minMs", reconnect.minMs ?? 250, 1, 60_000),
    maxPauseMs: inRange("reconnect.maxMs", reconnect.maxMs ?? 10_000, 1, 600_000),
    log: options.log ?? ((line: string) => console.error(line)),
  };
}

/** In containers all processes have the same id, and an order to drain stands for an hour: hence the random part. */
function defaultName(): string {
  return `${hostname().slice(0, 64)}-${process.pid}-${randomBytes(3).toString("hex")}`;
}

function inRange(field: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value) || value < min || value > max)
    throw new RangeError(`${field}: ${value} is no whole number from ${min} to ${max}`);
  return value;
}
