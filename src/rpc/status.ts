import { Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { cutText } from "../errors/check-text.js";
import { type ErrorCode, type PostaError, toPostaError } from "../errors/posta-error.js";
import type { Status__Output as RpcStatus } from "../gen/google/rpc/Status.js";
import type { Contract } from "./contract/contract.js";

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

/** Trailers of a failed call. They carry the error to the observer, which logs the error's cause. */
export class ErrorTrailers extends Metadata {
  error: PostaError | undefined;
}

/** Shapes an error as the google.rpc.Status of one item among several. */
export type ToItem = (error: unknown) => RpcStatus;

/** Shapes errors for callers: as a call's status, or as the status of an item in an answer. */
export interface StatusMap {
  /** How many calls and items were refused because too much is under way, or a store is full. */
  readonly overloads: number;
  toStatus(error: unknown): StatusObject;
  /** The error with its details. */
  toItem: ToItem;
  /**
   * For the items of one answer: the first errors, up to {@link maxDetailedBytes}, have details. Later errors have only
   * a code, a short message and when to try again, so an answer is never many times larger than its request.
   */
  forItems(): ToItem;
}

/** Errors of one answer have details until they take this many bytes together. */
const maxDetailedBytes = 256 << 10;
/** Longest message of a later error, in bytes. */
const maxShortBytes = 100;
/** Longest message of an error, in bytes. A status travels in trailers, and clients accept about 8 KiB of trailers. */
const maxMessageBytes = 1024;

/** The map, with the contract's encoders for its details. */
export function createStatusMap({ encode }: Contract): StatusMap {
  let overloads = 0;

  function toItem(thrown: unknown): RpcStatus {
    const { error, code, message } = shape(thrown, maxMessageBytes);
    return { code, message, details: details(error, message) } as RpcStatus;
  }

  function forItems(): ToItem {
    let bytes = 0;
    return (thrown) => {
      if (bytes > maxDetailedBytes) {
        const { error, code, message } = shape(thrown, maxShortBytes);
        return { code, message, details: retryDetails(error) } as RpcStatus;
      }
      const item = toItem(thrown);
      bytes += sizeOf(item);
      return item;
    };
  }

  /** Also counts the error if it is an overload. */
  function shape(thrown: unknown, maxBytes: number) {
    const error = toPostaError(thrown);
    if (isOverload(error)) overloads += 1;
    return { error, code: codes[error.code], message: cutText(error.message, maxBytes) };
  }

  function details(error: PostaError, description: string) {
    const { field } = error;
    if (field === undefined) return retryDetails(error);
    const fieldViolations = [{ field, description }];
    return [any("google.rpc.BadRequest", encode.badRequest({ fieldViolations })), ...retryDetails(error)];
  }

  /** Without it, a caller takes an overload for its own fault, and does not try again. */
  function retryDetails({ retryAfterMs }: PostaError) {
    if (retryAfterMs === undefined) return [];
    const retryDelay = { seconds: Math.floor(retryAfterMs / 1000), nanos: (retryAfterMs % 1000) * 1e6 };
    return [any("google.rpc.RetryInfo", encode.retryInfo({ retryDelay }))];
  }

  function toStatus(thrown: unknown): StatusObject {
    const error = toPostaError(thrown);
    const item = toItem(error);
    const metadata = new ErrorTrailers();
    metadata.error = error;
    if (item.details.length > 0) metadata.set("grpc-status-details-bin", encode.status(item));
    return { code: item.code, details: item.message, metadata };
  }

  return {
    toStatus,
    toItem,
    forItems,
    get overloads() {
      return overloads;
    },
  };
}

/** Whether Posta was too busy or full. An exhausted error with a field, or without a retry, is the request's fault. */
function isOverload({ code, field, retryAfterMs }: PostaError): boolean {
  return code === "exhausted" && field === undefined && retryAfterMs !== undefined;
}

/** The approximate bytes that an error takes in an answer. */
function sizeOf({ message, details }: RpcStatus): number {
  return details.reduce((bytes, { type_url, value }) => bytes + type_url.length + value.length, message.length);
}

function any(type: string, value: Buffer) {
  return { type_url: `type.googleapis.com/${type}`, value };
}
