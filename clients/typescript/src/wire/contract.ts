import { fileURLToPath } from "node:url";
import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { loadSync, type MessageTypeDefinition } from "@grpc/proto-loader";
import type { WireDuration, WireError, WorkRequest, WorkResponse } from "./messages.js";

/** Where the contract may be: beside the code in the published package, or at the root of Posta's repository. */
const folders = ["../proto", "../../../../proto"];

const definition = loadSync(["posta/queue/v1/worker_service.proto", "google/rpc/error_details.proto"], {
  includeDirs: folders.map((folder) => fileURLToPath(new URL(folder, import.meta.url))),
  longs: Number,
  enums: String,
  defaults: true,
  oneofs: true,
});

const service = definition["posta.queue.v1.WorkerService"] as ServiceDefinition;

/** The session of a worker. */
export const workMethod = service.Work as unknown as MethodDefinition<WorkRequest, WorkResponse>;

const reader = <Message>(type: string) =>
  (definition[type] as MessageTypeDefinition<object, object>).deserialize as (bytes: Buffer) => Message;

/** Reads a google.rpc.Status. */
export const readStatus = reader<WireError>("google.rpc.Status");

/** Reads a google.rpc.RetryInfo. */
export const readRetryInfo = reader<{ retryDelay: WireDuration | null }>("google.rpc.RetryInfo");
