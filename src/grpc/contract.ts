import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ServiceDefinition } from "@grpc/grpc-js";
import { loadSync, type MessageTypeDefinition } from "@grpc/proto-loader";
import descriptor from "protobufjs/ext/descriptor/index.js";
import type { BadRequest } from "../gen/google/rpc/BadRequest.js";
import type { RetryInfo } from "../gen/google/rpc/RetryInfo.js";
import type { Status } from "../gen/google/rpc/Status.js";

/** The contract as it is loaded from proto/, once a process. */
export interface Contract {
  /** The encoded FileDescriptorProto of every file, for reflection. */
  descriptors: Buffer[];
  /** A service by its full name. */
  service(name: string): ServiceDefinition;
  /** Encoders of the error details, by type. */
  encode: {
    status(value: Status): Buffer;
    badRequest(value: BadRequest): Buffer;
    retryInfo(value: RetryInfo): Buffer;
  };
}

const protoDir = fileURLToPath(new URL("../../proto", import.meta.url));

const files = [
  "posta/queue/v1/queue_service.proto",
  "posta/analytics/v1/analytics_service.proto",
  "posta/message/v1/message_service.proto",
  "posta/health/v1/health_service.proto",
  "grpc/health/v1/health.proto",
  "google/rpc/status.proto",
  "google/rpc/error_details.proto",
];

/** Loads the contract. The options are those that the types in src/gen are generated with: change both together. */
export function loadContract(): Contract {
  const definition = loadSync(files, {
    includeDirs: [protoDir],
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  const encoder = (type: string) => (definition[type] as MessageTypeDefinition<object, object>).serialize;
  return {
    descriptors: readDescriptors(),
    service: (name) => definition[name] as ServiceDefinition,
    encode: {
      status: encoder("google.rpc.Status"),
      badRequest: encoder("google.rpc.BadRequest"),
      retryInfo: encoder("google.rpc.RetryInfo"),
    },
  };
}

/** As buf wrote them, with the files' own names and imports. */
function readDescriptors(): Buffer[] {
  const set = descriptor.FileDescriptorSet.decode(readFileSync(new URL("../gen/contract.binpb", import.meta.url)));
  const files = (set as unknown as { file: object[] }).file;
  return files.map((file) => Buffer.from(descriptor.FileDescriptorProto.encode(file).finish()));
}
