import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { endWithThis } from "../bench/children.js";
import { type Call, type Calls, callSeconds, toCalls } from "../judge/calls.js";
import type { Plan } from "../judge/measure.js";
import { readPayloads } from "./payloads.js";

/** A load that ghz makes. */
export interface GhzLoad extends Plan {
  /** "posta.queue.v1.QueueService/AddJob" */
  call: string;
  /** A file of perf/ghz/payloads with a list of requests, which are sent in turn. */
  payloads: string;
  connections: number;
  /** host:port */
  target: string;
  /** Where ghz writes its own report. */
  output: string;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const ghz = `${root}.tools/bin/ghz`;
/** ghz keeps the details of so many calls, and drops the rest without a word. */
export const maxCalls = 1_000_000;

/** Throws an error that says how to get ghz, if it is not there. */
export function requireGhz(): void {
  if (!existsSync(ghz)) throw new Error("ghz is not installed: run `make tools`");
}

/** Throws an error that names the limits, if a load is of more calls than ghz can report. */
export function requireCountable({ call, rate = 0, seconds, warmupSeconds }: Plan & { call: string }): void {
  const length = seconds + warmupSeconds;
  if (rate * length <= maxCalls) return;
  const what = `${call} at ${rate}/s for ${length} s, warm-up included,`;
  const limit = `${maxCalls.toLocaleString("en")} calls that ghz can report`;
  const longest = Math.max(1, Math.floor(maxCalls / rate));
  throw new Error(
    `DURATION, RATE: ${what} is over the ${limit}: use ${longest} s at most, or ${Math.floor(maxCalls / length)}/s`,
  );
}

/** Makes a load and answers its calls. Throws if ghz could not make it, with what it said. */
export async function runGhz(load: GhzLoad): Promise<Calls> {
  requireCountable(load);
  rmSync(load.output, { force: true }); // A report of an earlier run must not stand for this one.
  const dataFile = load.output.replace(/\.json$/, "-requests.json");
  writeFileSync(dataFile, JSON.stringify(readPayloads(load.payloads)));
  const running = promisify(execFile)(ghz, ghzArguments(load, dataFile), { cwd: root, maxBuffer: 1 << 24 });
  endWithThis(running.child);
  await running.catch((error) => {
    // ghz ends with an error if any call failed; what matters is whether it left a report.
    if (!existsSync(load.output))
      throw new Error(
        `ghz: ${String(error.stderr || error.message)
          .trim()
          .slice(0, 500)}`,
      );
  });
  return parseGhz(readFileSync(load.output, "utf8"));
}

function ghzArguments(load: GhzLoad, dataFile: string): string[] {
  const { call, connections, target, output, rate, concurrency, seconds, warmupSeconds } = load;
  const length = seconds + warmupSeconds;
  // ghz takes no more connections than callers.
  const lines = Math.min(connections, concurrency ?? connections);
  const pace =
    rate === undefined
      ? ["--concurrency", `${concurrency}`, "--duration", `${length}s`, "--duration-stop", "wait"]
      : // A number of calls instead of a duration: none is cut off at the end.
        ["--async", "--rps", `${rate}`, "--total", `${Math.round(rate * length)}`, "--concurrency", `${lines}`];
  const [, service] = /^(.*)\.v1\./.exec(call) ?? [];
  return [
    ...["--insecure", "--import-paths", "proto", "--proto", protoFiles[service ?? ""] ?? ""],
    ...[
      "--call",
      call.replace("/", "."),
      "--data-file",
      dataFile,
      "--disable-template-data",
      "--disable-template-functions",
    ],
    ...["--connections", `${lines}`, "--timeout", `${callSeconds}s`, "--count-errors", ...pace],
    ...["--format", "json", "--output", output, target],
  ];
}

const protoFiles: Record<string, string> = {
  "posta.analytics": "proto/posta/analytics/v1/analytics_service.proto",
  "posta.message": "proto/posta/message/v1/message_service.proto",
  "posta.queue": "proto/posta/queue/v1/queue_service.proto",
  "grpc.health": "proto/grpc/health/v1/health.proto",
};

interface Detail {
  /** When the call ended: RFC 3339 with nanoseconds. */
  timestamp: string;
  /** In nanoseconds. */
  latency: number;
  error: string;
  status: string;
}

/** Reads ghz's JSON report. Throws if it is none. */
export function parseGhz(json: string): Calls {
  const { details } = JSON.parse(json) as { details?: Detail[] | null };
  if (details === undefined) throw new Error("this is no report of ghz: it has no details");
  return toCalls((details ?? []).map(toCall));
}

function toCall({ timestamp, latency, error, status }: Detail): Call {
  const latencyMs = latency / 1e6;
  const failed = status !== "OK" || error !== "";
  return {
    start: toMs(timestamp) - latencyMs,
    latency: latencyMs,
    error: failed ? `${status}: ${stripped(error)}` : "",
  };
}

/** Ports and the like would make every error a kind of its own. */
function stripped(error: string): string {
  return error.replace(/^rpc error: code = \w+ desc = /, "").replace(/\d{2,}/g, "N");
}

/** Date.parse keeps only milliseconds. */
function toMs(timestamp: string): number {
  const [, whole = "", fraction = "0", zone = "Z"] = /^([^.]*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(timestamp) ?? [];
  return Date.parse(whole + zone) + Number(`0.${fraction}`) * 1000;
}
