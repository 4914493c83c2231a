import type protobuf from "protobufjs";
import type { Contract, Method } from "./contract.js";
import { keptAnswerBytes, type Observation } from "./observation.js";

/** An error, of a call or of one item among several. */
export interface Failure {
  code: number;
  message: string;
  /** Of its BadRequest detail, if there is one. */
  fields: string[];
}

/** What an answer says. */
export interface Reading {
  /** Of google.rpc.Code; undefined: the answer is no answer of a call. */
  code: number | undefined;
  /** The call's own failure first, then those of items. */
  failures: Failure[];
  /** As protobufjs shows them, by the names of the contract's files. */
  messages: object[];
  /** What could not be read in it. */
  problems: string[];
}

type Json = Record<string, unknown>;

const badRequest = "google.rpc.BadRequest";
const codes = (
  "ok canceled unknown invalid_argument deadline_exceeded not_found already_exists permission_denied resource_exhausted " +
  "failed_precondition aborted out_of_range unimplemented internal unavailable data_loss unauthenticated"
).split(" ");

/** Reads what came back for a call. */
export function readAnswer(observation: Observation, method: Method, contract: Contract): Reading {
  const reading: Reading = { code: undefined, failures: [], messages: [], problems: [] };
  if (observation.end !== "answered") return reading;
  const read = { grpc: readGrpc, json: readJson, proto: readJson }[observation.plan.form as "grpc" | "json" | "proto"];
  try {
    read?.(observation, method, contract, reading);
    for (const message of reading.messages) collectFailures(message, contract, reading.failures);
  } catch (error) {
    reading.problems.push(`cannot be read: ${(error as Error).message}`);
  }
  return reading;
}

function readGrpc(
  { headers, body, answerBytes }: Observation,
  method: Method,
  contract: Contract,
  reading: Reading,
): void {
  const { "grpc-status": status, "grpc-message": message = "", "grpc-status-details-bin": details } = headers;
  if (status === undefined) return;
  reading.code = Number(status);
  for (const bytes of splitFrames(body, answerBytes > keptAnswerBytes))
    reading.messages.push(decode(method.response, bytes));
  if (reading.code === 0) return;
  const failure: Failure = { code: reading.code, message: decodePercent(message), fields: [] };
  reading.failures.push(failure);
  if (details === undefined) return;
  const rich = decode(contract.type("google.rpc.Status"), Buffer.from(details, "base64")) as Json;
  failure.fields = fieldsOf(rich.details, contract);
  if (rich.code !== failure.code || rich.message !== failure.message) {
    reading.problems.push(`its details say code ${rich.code} and ${JSON.stringify(rich.message)}, its status does not`);
  }
}

/** grpc-js writes some of its own refusals as they are, and not percent-encoded. */
function decodePercent(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}

/** `cut`: we kept the beginning alone, which may end within a message. */
function splitFrames(body: Buffer, cut: boolean): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at + 5 <= body.length; ) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    if (cut && end > body.length) break;
    messages.push(body.subarray(at + 5, end));
    at = end;
  }
  return messages;
}

function readJson(
  { httpStatus, headers, body }: Observation,
  method: Method,
  contract: Contract,
  reading: Reading,
): void {
  if (httpStatus === 200 && headers["content-type"] === "application/proto") {
    reading.messages.push(decode(method.response, body));
  } else if (httpStatus === 200) {
    reading.messages.push(JSON.parse(body.toString()));
  }
  if (httpStatus === 200) {
    reading.code = 0;
    return;
  }
  // Node itself answers what is no HTTP, without a body.
  if (body.length === 0 || !headers["content-type"]?.includes("json")) return;
  const { code, message, details } = JSON.parse(body.toString()) as Json;
  reading.code = codes.indexOf(String(code));
  if (reading.code < 0) reading.problems.push(`has the code ${JSON.stringify(code)}`);
  reading.failures.push({ code: reading.code, message: String(message), fields: fieldsOf(details, contract) });
}

function decode(type: protobuf.Type, bytes: Buffer): object {
  return type.toObject(type.decode(bytes), { longs: String, enums: String, defaults: true, bytes: Buffer });
}

/** Errors of items are messages of google.rpc.Status in a field "error". */
function collectFailures(value: unknown, contract: Contract, found: Failure[], depth = 0): void {
  if (typeof value !== "object" || value === null || Buffer.isBuffer(value) || depth > 6) return;
  for (const [name, inner] of Object.entries(value)) {
    if (name === "error" && isStatus(inner)) {
      found.push({ code: inner.code, message: String(inner.message), fields: fieldsOf(inner.details, contract) });
    } else {
      collectFailures(inner, contract, found, depth + 1);
    }
  }
}

function isStatus(value: unknown): value is Json & { code: number } {
  return typeof value === "object" && value !== null && "code" in value && typeof value.code === "number";
}

/** Of the three ways in which details are written: binary in an Any, base64 in Connect's errors, as JSON in an item. */
function fieldsOf(details: unknown, contract: Contract): string[] {
  if (!Array.isArray(details)) return [];
  return details.flatMap((detail: Json) => {
    const type = String(detail.type_url ?? detail.type ?? detail["@type"]).replace(/.*\//, "");
    const value = detail.value;
    const decoded = (bytes: Buffer) => decode(contract.type(type), bytes) as Json;
    const message =
      typeof value === "string"
        ? decoded(Buffer.from(value, "base64"))
        : Buffer.isBuffer(value)
          ? decoded(value)
          : detail;
    if (type !== badRequest) return [];
    const violations = (message.field_violations ?? message.fieldViolations ?? []) as Json[];
    return violations.map(({ field }) => String(field));
  });
}
