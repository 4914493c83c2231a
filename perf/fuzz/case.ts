import type { Caller } from "./callers.js";
import type { Method } from "./contract.js";

/** How a request goes: gRPC over HTTP/2, the gateway with JSON or protobuf, WhatsApp's webhook, the admin port. */
export type Form = "grpc" | "json" | "proto" | "webhook" | "admin";

/** What becomes of a request after its chunks: it ends, is left open until its deadline, is cancelled, or its answers are not read. */
type Ending = "end" | "open" | "cancel" | "deaf";

/** How long a stream that only answers is listened to. */
const watchMs = 300;

/** One request as it is sent, all but its token and signature: enough to send it again. */
export interface Case {
  seed: number;
  /** Which of its seed's cases it is. */
  number: number;
  form: Form;
  /** The method's name, or the path of what is no method. */
  target: string;
  caller: Caller;
  /** Who signs a webhook's body: the app's secret, another, or nobody. */
  signature?: "right" | "wrong";
  verb: string;
  path: string;
  headers: Record<string, string | string[]>;
  chunks: Buffer[];
  ending: Ending;
  /** How long a caller stays that reads no answers, in milliseconds; absent: briefly. */
  stayMs?: number;
  /** How long the caller waits, in milliseconds; it is sent along unless the deadline's header is an oddity. */
  deadlineMs: number;
  /** What is odd about it beside its values: the name of each oddity. */
  oddities: string[];
  /** It gets a connection of its own: what it does to one must not be laid to another case. */
  ownConnection: boolean;
  /** The payload of an AddJob whose OK is looked after: the job must be there, with this payload. */
  kept?: Buffer;
}

/** What is to be said of a call for it to begin. */
export type CallStart = Pick<Case, "seed" | "number" | "form" | "caller"> & { method: Method; deadlineMs: number };

/** A call as it should be, still without its messages. */
export function startCall({ method, deadlineMs, ...rest }: CallStart): Case {
  const { name: target, path } = method;
  // It ends only by its deadline.
  const waitMs = method.streamsResponses && !method.streamsRequests ? watchMs : deadlineMs;
  const headers: Case["headers"] =
    rest.form === "grpc"
      ? { "content-type": "application/grpc", te: "trailers", "grpc-timeout": `${waitMs}m` }
      : { "content-type": `application/${rest.form}`, "connect-timeout-ms": String(waitMs) };
  const sent = { verb: "POST", path, headers, chunks: [], ending: "end" as const, deadlineMs: waitMs };
  return { ...rest, target, ...sent, oddities: [], ownConnection: false };
}

/** A case as JSON, for a file that REPLAY names. */
export function formatCase(plan: Case): string {
  const { chunks, kept, ...rest } = plan;
  const encoded = { ...rest, chunks: chunks.map(toBase64), ...(kept && { kept: toBase64(kept) }) };
  return `${JSON.stringify(encoded, undefined, 2)}\n`;
}

/** The case that formatCase() wrote. Throws an error for what is none. */
export function parseCase(text: string): Case {
  const { chunks, kept, ...rest } = JSON.parse(text) as Omit<Case, "chunks" | "kept"> & {
    chunks?: string[];
    kept?: string;
  };
  if (!Array.isArray(chunks) || typeof rest.form !== "string")
    throw new Error("REPLAY: the file is no case of a fuzz run");
  return { ...rest, chunks: chunks.map(fromBase64), ...(kept !== undefined && { kept: fromBase64(kept) }) };
}

function toBase64(bytes: Buffer): string {
  return bytes.toString("base64");
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text, "base64");
}

/** What goes over the wire for it, in bytes; of the headers what they hold. */
export function requestBytes({ path, headers, chunks }: Case): number {
  const texts = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((text) => name.length + text.length),
  );
  return sum([path.length, ...texts, ...chunks.map(({ length }) => length)]);
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
