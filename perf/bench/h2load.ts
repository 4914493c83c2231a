import { execFile } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { endWithThis, makeFolderUntilEnd } from "./children.js";
import { loadMethod } from "./contract.js";

/** A load of one request, over and over, by h2load: a generator in C that takes little of the processors. */
export interface H2Load {
  url: string;
  /** The body of each request. */
  body: Buffer;
  headers: Record<string, string>;
  connections: number;
  /** Requests in flight on each connection. HTTP/1.1 has one. */
  streams: number;
  /** Requests a second, over all connections; absent: as fast as they are answered. */
  rate?: number | undefined;
  isHttp1?: boolean;
  /** For how long, in whole seconds (h2load takes no others: they are rounded up), or how many requests. */
  length: { seconds: number; warmupSeconds: number } | { requests: number };
}

export interface H2Report {
  /** Requests a second that were answered with status 200, without the warm-up; 0 for a number of requests. */
  perSecond: number;
  /** Requests that were answered with status 200, without those of the warm-up. */
  answered: number;
  /** Answers with another status, and requests without an answer. */
  failures: number;
}

/** Makes a load. A call of gRPC that fails has the HTTP status 200 too: look at what the calls have done. */
export async function runH2load(load: H2Load): Promise<H2Report> {
  const folder = makeFolderUntilEnd("posta-h2load-");
  const bodyFile = join(folder, "body");
  writeFileSync(bodyFile, load.body);
  try {
    const running = promisify(execFile)("h2load", toArguments(load, bodyFile), { maxBuffer: 1 << 24 });
    endWithThis(running.child);
    const seconds = "seconds" in load.length ? Math.ceil(load.length.seconds) : Number.POSITIVE_INFINITY;
    return parseH2load((await running).stdout, seconds);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function toArguments(load: H2Load, bodyFile: string): string[] {
  const { url, headers, connections, streams, rate, length, isHttp1 } = load;
  return [
    ...["--clients", `${connections}`, "--max-concurrent-streams", `${streams}`, "--threads", "1"],
    ...("requests" in length
      ? ["--requests", `${length.requests}`]
      : [
          ...["--duration", `${Math.ceil(length.seconds)}`],
          ...["--warm-up-time", `${Math.ceil(length.warmupSeconds)}`],
        ]),
    ...["--data", bodyFile],
    ...(rate === undefined ? [] : ["--rps", `${rate / connections}`]),
    ...(isHttp1 ? ["--h1"] : []),
    ...Object.entries(headers).flatMap(([name, value]) => ["--header", `${name}: ${value}`]),
    url,
  ];
}

/** Reads what h2load prints. Throws if that is no report. */
export function parseH2load(text: string, seconds: number): H2Report {
  const [, total, succeeded, failed, errored] =
    /^requests: (\d+) total, \d+ started, \d+ done, (\d+) succeeded, (\d+) failed, (\d+) errored/m.exec(text) ?? [];
  const [, ok] = /^status codes: (\d+) 2xx/m.exec(text) ?? [];
  if (total === undefined || ok === undefined) throw new Error(`h2load: this is no report: ${text.slice(-500)}`);
  return {
    perSecond: Number(succeeded) / seconds,
    answered: Number(ok),
    failures: Number(failed) + Number(errored),
  };
}

/** What a unary call of the contract is in HTTP/2: h2load's part of a load. */
export function grpcRequest(port: number, service: string, method: string, request: object) {
  const { path, requestSerialize } = loadMethod(service, method);
  const message = requestSerialize(request);
  const body = Buffer.concat([Buffer.alloc(5), message]);
  body.writeUInt32BE(message.length, 1);
  const headers = { "content-type": "application/grpc+proto", te: "trailers", "grpc-timeout": "10S" };
  return { url: `http://127.0.0.1:${port}${path}`, body, headers };
}
