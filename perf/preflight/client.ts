import { fileURLToPath } from "node:url";
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { loadSync, type MessageTypeDefinition } from "@grpc/proto-loader";
import { loadMethod } from "../bench/contract.js";

export const queueService = "posta.queue.v1.QueueService";

/** Calls QueueService over several connections in turn: a connection stays on one server process. */
export class QueueClient {
  private readonly clients: Client[];
  private next = 0;

  constructor(port: number, connections = 1) {
    const options = { "grpc.use_local_subchannel_pool": 1, "grpc.initial_reconnect_backoff_ms": 100 };
    this.clients = Array.from(
      { length: connections },
      () => new Client(`127.0.0.1:${port}`, credentials.createInsecure(), options),
    );
  }

  /** Rejects with a ServiceError. */
  call<Answer>(method: string, request: object, deadlineMs = 10_000): Promise<Answer> {
    const { path, requestSerialize, responseDeserialize } = loadMethod(queueService, method);
    const client = this.clients[this.next++ % this.clients.length] as Client;
    const deadline = Date.now() + deadlineMs;
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, { deadline }, (error, answer) =>
        error ? reject(error) : resolve(answer as Answer),
      );
    });
  }

  close(): void {
    for (const client of this.clients) client.close();
  }
}

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
