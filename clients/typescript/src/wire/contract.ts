import { fileURLToPath } from "node:url";
import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import type { WorkRequest, WorkResponse } from "./messages.js";

/** Where the contract may be: beside the code in the published package, or at the root of Posta's repository. */
const folders = ["../proto", "../../../../proto"];

const definition = loadSync("posta/queue/v1/worker_service.proto", {
  includeDirs: folders.map((folder) => fileURLToPath(new URL(folder, import.meta.url))),
  longs: Number,
  enums: String,
  defaults: true,
  oneofs: true,
});

const service = definition["posta.queue.v1.WorkerService"] as ServiceDefinition;

/** The session of a worker. */
export const workMethod = service.Work as unknown as MethodDefinition<WorkRequest, WorkResponse>;
