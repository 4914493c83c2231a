import { fileURLToPath } from "node:url";
import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const files = [
  "posta/queue/v1/queue_service.proto",
  "posta/queue/v1/worker_service.proto",
  "posta/analytics/v1/analytics_service.proto",
  "posta/message/v1/message_service.proto",
  "posta/health/v1/health_service.proto",
  "grpc/health/v1/health.proto",
];
const definition = loadSync(files, {
  includeDirs: [fileURLToPath(new URL("../../proto", import.meta.url))],
  longs: Number,
  enums: String,
  defaults: true,
  oneofs: true,
});

/** A method of the contract; suites are clients like any other, and load it from proto/ themselves. */
export function loadMethod(service: string, method: string): MethodDefinition<object, never> {
  return (definition[service] as ServiceDefinition)[method] as unknown as MethodDefinition<object, never>;
}
