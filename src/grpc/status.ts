import { Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { type ErrorCode, type PostaError, toPostaError } from "../errors.js";
import type { Status__Output as RpcStatus } from "../gen/google/rpc/Status.js";
import type { Contract } from "./contract.js";

/** The one map from the domain's errors to gRPC's codes. */
const codes: Record<ErrorCode, status> = {
  invalid: status.INVALID_ARGUMENT,
  "not-found": status.NOT_FOUND,
  "wrong-state": status.FAILED_PRECONDITION,
  exists: status.ALREADY_EXISTS,
  exhausted: status.RESOURCE_EXHAUSTED,
  unavailable: status.UNAVAILABLE,
  expired: status.DEADLINE_EXCEEDED,
  cancelled: status.CANCELLED,
  unauthenticated: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  internal: status.INTERNAL,
};

/** Trailers of a failed call. They carry the error itself as far as the observer, which logs its cause. */
export class ErrorTrailers extends Metadata {
  error: PostaError | undefined;
}

/** Shapes errors for callers: as a call's status, or as the google.rpc.Status of one item among several. */
export interface StatusMap {
  /** How many calls and items were refused because too much is under way, or a store is full. */
  readonly overloads: number;
  toStatus(error: unknown): StatusObject;
  toItem(error: unknown): RpcStatus;
}

/** The map, with the contract's encoders for its details. */
export function createStatusMap({ encode }: Contract): StatusMap {
  let overloads = 0;

  function toItem(thrown: unknown): RpcStatus {
    const error = toPostaError(thrown);
    if (isOverload(error)) overloads += 1;
    return { code: codes[error.code], message: error.message, details: details(error) } as RpcStatus;
  }

  function details(error: PostaError) {
    const found = [];
    if (error.field !== undefined) {
      const fieldViolations = [{ field: error.field, description: error.message }];
      found.push(any("google.rpc.BadRequest", encode.badRequest({ fieldViolations })));
    }
    if (error.retryAfterMs !== undefined) {
      const retryDelay = { seconds: Math.floor(error.retryAfterMs / 1000), nanos: (error.retryAfterMs % 1000) * 1e6 };
      found.push(any("google.rpc.RetryInfo", encode.retryInfo({ retryDelay })));
    }
    return found;
  }

  function toStatus(thrown: unknown): StatusObject {
    const error = toPostaError(thrown);
    const item = toItem(error);
    const metadata = new ErrorTrailers();
    metadata.error = error;
    if (item.details.length > 0) metadata.set("grpc-status-details-bin", encode.status(item));
    return { code: codes[error.code], details: error.message, metadata };
  }

  return {
    toStatus,
    toItem,
    get overloads() {
      return overloads;
    },
  };
}

/** A field that is too large stays too large; what has no field, and may be tried again, is Posta's limit. */
function isOverload({ code, field, retryAfterMs }: PostaError): boolean {
  return code === "exhausted" && field === undefined && retryAfterMs !== undefined;
}

function any(type: string, value: Buffer) {
  return { type_url: `type.googleapis.com/${type}`, value };
}
