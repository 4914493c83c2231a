import type { OutgoingHttpHeaders } from "node:http";
import { toPostaError } from "../../errors/posta-error.js";
import type { StatusMap } from "../../rpc/status.js";
import { Unimplemented } from "../exchange/unimplemented.js";
import { connectCode, unimplementedCode } from "./codes.js";
import type { JsonCodec } from "./json-codec.js";

/** How a call failed. */
export interface Failure {
  /** A number of google.rpc.Code. */
  code: number;
  message: string;
  details: { type_url: string; value: Buffer }[];
  headers: OutgoingHttpHeaders;
  /** For the log only. */
  cause: unknown;
}

/** Turns any thrown error into a failure, by the error map in src/rpc/status.ts. */
export function toFailure(error: unknown, statuses: StatusMap): Failure {
  if (error instanceof Unimplemented) {
    const { message, headers } = error;
    return { code: unimplementedCode, message, details: [], headers, cause: undefined };
  }
  const { code, message, details } = statuses.toItem(error);
  const { cause } = toPostaError(error);
  return { code, message, details: details as unknown as Failure["details"], headers: {}, cause };
}

/** The Connect protocol's error body. It has each detail in binary form, and as JSON for people. */
export function errorBody({ code, message, details }: Failure, codec: JsonCodec): string {
  const shown = details.map(({ type_url, value }) => {
    const type = type_url.slice(type_url.lastIndexOf("/") + 1);
    return { type, value: value.toString("base64").replace(/=+$/, ""), debug: codec.describe(type, value) };
  });
  const body = { code: connectCode(code).name, message, ...(shown.length > 0 ? { details: shown } : {}) };
  return JSON.stringify(body);
}
