import { fileURLToPath } from "node:url";
import type { ServiceError } from "@grpc/grpc-js";
import { loadSync, type MessageTypeDefinition } from "@grpc/proto-loader";

const details = loadSync(["google/rpc/status.proto", "google/rpc/error_details.proto"], {
  includeDirs: [fileURLToPath(new URL("../../proto", import.meta.url))],
  longs: Number,
  defaults: true,
});

interface Status {
  details: { type_url: string; value: Buffer }[];
}

interface RetryInfo {
  retryDelay: { seconds: number; nanos: number };
}

/** After how many milliseconds a failed call may be tried again, by its RetryInfo; undefined: it has none. */
export function readRetryDelayMs({ metadata }: ServiceError): number | undefined {
  const [encoded] = metadata.get("grpc-status-details-bin");
  if (encoded === undefined) return undefined;
  const found = decode<Status>("google.rpc.Status", encoded as Buffer).details.find(({ type_url }) =>
    type_url.endsWith("/google.rpc.RetryInfo"),
  );
  if (!found) return undefined;
  const { retryDelay } = decode<RetryInfo>("google.rpc.RetryInfo", found.value);
  return retryDelay.seconds * 1000 + retryDelay.nanos / 1e6;
}

function decode<Message>(type: string, bytes: Buffer): Message {
  return (details[type] as MessageTypeDefinition<object, object>).deserialize(bytes) as Message;
}
