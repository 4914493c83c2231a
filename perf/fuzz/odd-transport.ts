import type { Case } from "./case.js";
import type { Random } from "./random.js";

/** What a caller's library, or a hand, can get wrong about a call beside its messages. It changes the case. */
type Oddity = (plan: Case, random: Random) => void;

const timeouts = ["", "abc", "1", "-1S", "0S", "1n", "999999999S", "99999999H", "5 S", "1.5S", "00000001H", "5s"];
const connectTimeouts = ["", "abc", "-1", "0", "1", "1.5", "99999999999", "1e3"];
const requestIds = ["", "a".repeat(300), "a b", "é", "\u00ff\u0080", "{}", "a,b"];
const authorizations = ["", "Bearer", "Bearer ", "Basic YTpi", "bearer a b", "\u00e9", "x".repeat(9000)];
const grpcTypes = ["application/grpc+json", "application/grpc-web", "application/json", "text/plain", ""];
const httpTypes = [
  "text/plain",
  "application/json; charset=utf-16",
  "application/json;charset=utf-8",
  "",
  "application/grpc",
  "a/b;;",
];
const verbs = ["GET", "PUT", "DELETE", "HEAD"];

/** Gives a header one of the values. */
function header(name: string, values: readonly (string | string[])[]): Oddity {
  return ({ headers }, random) => {
    headers[name] = random.pick(values);
  };
}

function verb(values: readonly string[]): Oddity {
  return (plan, random) => {
    plan.verb = random.pick(values);
  };
}

/** A path that is none, or nearly one. */
function path(others: readonly string[]): Oddity {
  return (plan, random) => {
    plan.path = random.pick([...others, `${plan.path}/`, plan.path.toLowerCase(), `${plan.path}?a=%`]);
  };
}

function manyHeaders({ headers }: Case, random: Random): void {
  for (let index = random.pick([50, 500]); index > 0; index -= 1) headers[`x-many-${index}`] = "value";
}

function long(...lengths: number[]): string[] {
  return lengths.map((length) => "x".repeat(length));
}

const both: Readonly<Record<string, Oddity>> = {
  "request-id": header("x-request-id", requestIds),
  "authorization-twice": header("authorization", [["Bearer x", "Bearer y"]]),
  "authorization-odd": header("authorization", authorizations),
};

/** Of a gRPC call. */
export const grpcOddities: Readonly<Record<string, Oddity>> = {
  ...both,
  timeout: header("grpc-timeout", timeouts),
  "metadata-large": header("x-large", long(4000, 15_000, 40_000)),
  "metadata-huge": header("x-huge", long(66_000, 200_000)),
  "metadata-many": manyHeaders,
  "metadata-binary": header("x-odd-bin", ["", "!!!", "====", "AAA", "AA,AA", "A".repeat(999)]),
  "content-type": header("content-type", grpcTypes),
  verb: verb(verbs),
  path: path(["/", "/x", "//", "/posta.queue.v1.QueueService/__proto__", `/${"x".repeat(5000)}`]),
};

/** Of a call over HTTP/1.1. */
export const httpOddities: Readonly<Record<string, Oddity>> = {
  ...both,
  timeout: header("connect-timeout-ms", connectTimeouts),
  version: header("connect-protocol-version", ["", "0", "2", "x"]),
  "content-type": header("content-type", httpTypes),
  encoding: header("content-encoding", ["gzip", "br", "deflate", "identity", "gzip, gzip", "x"]),
  "metadata-large": header("x-large", long(4000, 15_000, 17_000)),
  verb: verb([...verbs, "OPTIONS"]),
  path: path(["/", "//", "/%", "/..%2f", "/__proto__", "*", "http://x/y"]),
  length: header("content-length", ["0", "1", "5000000", "99999999999"]),
  expect: header("expect", ["100-continue"]),
};
