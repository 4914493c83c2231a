import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ServiceDefinition } from "@grpc/grpc-js";
import { loadSync, type MessageTypeDefinition } from "@grpc/proto-loader";
import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor/index.js";
import type { BadRequest } from "../../gen/google/rpc/BadRequest.js";
import type { RetryInfo } from "../../gen/google/rpc/RetryInfo.js";
import type { Status } from "../../gen/google/rpc/Status.js";
import { MessagePlans } from "./message-plan.js";
import { createRequestDecoder } from "./request-decoder.js";
import { maxItems } from "./request-limits.js";
import { encodeShared } from "./shared-answer.js";

/** The contract, loaded from proto/ once per process. */
export interface Contract {
  /** The encoded FileDescriptorProto of every file, for reflection. */
  descriptors: Buffer[];
  /**
   * A service by its full name. Its methods decode requests with `createRequestDecoder`, and encode a `SharedAnswer`
   * once.
   */
  service(name: string): ServiceDefinition;
  /** Encoders of the error details, by type. */
  encode: {
    status(value: Status): Buffer;
    badRequest(value: BadRequest): Buffer;
    retryInfo(value: RetryInfo): Buffer;
  };
}

const protoDir = fileURLToPath(new URL("../../../proto", import.meta.url));

const files = [
  "posta/queue/v1/queue_service.proto",
  "posta/queue/v1/worker_service.proto",
  "posta/analytics/v1/analytics_service.proto",
  "posta/message/v1/message_service.proto",
  "posta/health/v1/health_service.proto",
  "grpc/health/v1/health.proto",
  "google/rpc/status.proto",
  "google/rpc/error_details.proto",
];

/** Loads the contract. The types in src/gen are generated with the same options: change both together. */
export function loadContract(): Contract {
  const definition = loadSync(files, {
    includeDirs: [protoDir],
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  const encoder = (type: string) => (definition[type] as MessageTypeDefinition<object, object>).serialize;
  const set = descriptor.FileDescriptorSet.decode(readFileSync(new URL("../../gen/contract.binpb", import.meta.url)));
  // protobufjs/ext/descriptor adds this function, but declares no type for it.
  const { fromDescriptor } = protobuf.Root as unknown as { fromDescriptor(set: protobuf.Message): protobuf.Root };
  const root = fromDescriptor(set);
  root.resolveAll();
  const toOwn = withOwnCoders(root);
  return {
    descriptors: encodeFiles(set),
    service: (name) => toOwn(name, definition[name] as ServiceDefinition),
    encode: {
      status: encoder("google.rpc.Status"),
      badRequest: encoder("google.rpc.BadRequest"),
      retryInfo: encoder("google.rpc.RetryInfo"),
    },
  };
}

/** Gives the methods of a service decoders that check requests, and encoders that take shared answers. */
function withOwnCoders(root: protobuf.Root): (name: string, service: ServiceDefinition) => ServiceDefinition {
  for (const name of Object.keys(maxItems))
    if (!root.lookup(name)) throw new Error(`the contract has no field ${name}`);
  const plans = new MessagePlans(maxItems);
  return (name, service) => {
    const methods = Object.entries(service).map(([key, method]) => {
      const type = root.lookupService(name).methods[key]?.resolvedRequestType as protobuf.Type;
      const requestDeserialize = createRequestDecoder(plans.of(type), method.requestDeserialize);
      return [key, { ...method, requestDeserialize, responseSerialize: encodeShared(method.responseSerialize) }];
    });
    return Object.fromEntries(methods) as ServiceDefinition;
  };
}

/** Encodes the files as buf wrote them, with their own names and imports. */
function encodeFiles(set: protobuf.Message): Buffer[] {
  const files = (set as unknown as { file: object[] }).file;
  return files.map((file) => Buffer.from(descriptor.FileDescriptorProto.encode(file).finish()));
}
