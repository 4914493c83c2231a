import { fileURLToPath } from "node:url";
import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type ServiceDefinition,
  type ServiceError,
} from "@grpc/grpc-js";
import { loadSync, type MessageTypeDefinition } from "@grpc/proto-loader";

/** Loaded as any client would, not by Posta's own code. */
const definition = loadSync(
  [
    "posta/queue/v1/queue_service.proto",
    "posta/queue/v1/worker_service.proto",
    "posta/analytics/v1/analytics_service.proto",
    "posta/message/v1/message_service.proto",
    "posta/health/v1/health_service.proto",
    "grpc/health/v1/health.proto",
    "google/rpc/status.proto",
    "google/rpc/error_details.proto",
  ],
  {
    includeDirs: [fileURLToPath(new URL("../../proto", import.meta.url))],
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
  },
);

export interface CallOptions {
  /** In milliseconds from now. */
  deadlineMs?: number;
  metadata?: Record<string, string>;
}

// biome-ignore lint/suspicious/noExplicitAny: tests look at answers of every method; each asserts the shape it needs.
type Answer = any;

/** A stock gRPC client with promises. */
export class TestClient {
  readonly raw: Client;

  constructor(address: string, channelCredentials: ChannelCredentials = credentials.createInsecure()) {
    this.raw = new Client(address, channelCredentials, { "grpc.use_local_subchannel_pool": 1 });
  }

  /** Calls a unary method of QueueService; rejects with a ServiceError. */
  queue(method: string, request: object, options?: CallOptions): Promise<Answer> {
    return this.call("posta.queue.v1.QueueService", method, request, options);
  }

  /** Calls a unary method of WorkerService; rejects with a ServiceError. */
  worker(method: string, request: object, options?: CallOptions): Promise<Answer> {
    return this.call("posta.queue.v1.WorkerService", method, request, options);
  }

  call(
    service: string,
    method: string,
    request: object,
    { deadlineMs, metadata = {} }: CallOptions = {},
  ): Promise<Answer> {
    const { path, requestSerialize, responseDeserialize } = methodOf(service, method);
    const headers = new Metadata();
    for (const [key, value] of Object.entries(metadata)) headers.set(key, value);
    const options = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
    return new Promise((resolve, reject) => {
      this.raw.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        headers,
        options,
        (error, answer) => {
          if (error) reject(error);
          else resolve(answer);
        },
      );
    });
  }

  /** Makes a call, and answers what cancels it. */
  cancellable(service: string, method: string, request: object): () => void {
    const { path, requestSerialize, responseDeserialize } = methodOf(service, method);
    const call = this.raw.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, () => {});
    return () => call.cancel();
  }

  /** A method of the contract, for a test that speaks the wire itself. */
  static method(service: string, method: string) {
    return methodOf(service, method);
  }

  /** Opens StreamAddJobs. */
  addStream(): ClientDuplexStream<object, Answer> {
    return this.stream("posta.queue.v1.QueueService", "StreamAddJobs");
  }

  /** Opens a method with a stream each way. */
  stream(service: string, method: string): ClientDuplexStream<object, Answer> {
    const { path, requestSerialize, responseDeserialize } = methodOf(service, method);
    return this.raw.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  }

  /** Opens grpc.health.v1.Health/Watch. */
  watchHealth(service: string) {
    const { path, requestSerialize, responseDeserialize } = methodOf("grpc.health.v1.Health", "Watch");
    return this.raw.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service });
  }

  close(): void {
    this.raw.close();
  }
}

function methodOf(service: string, method: string) {
  const found = (definition[service] as ServiceDefinition)[method];
  if (!found) throw new Error(`no method ${service}/${method}`);
  return found;
}

/** The failure of a call that must fail. */
export async function failureOf(call: Promise<unknown>): Promise<ServiceError> {
  return call.then(
    (answer) => {
      throw new Error(`the call succeeded: ${JSON.stringify(answer)}`);
    },
    (error) => error as ServiceError,
  );
}

/** The google.rpc details of a failure, by their short type: { BadRequest, RetryInfo }. */
export function detailsOf(error: ServiceError): Record<string, Answer> {
  const [encoded] = error.metadata.get("grpc-status-details-bin");
  if (!encoded) return {};
  const decode = (type: string, bytes: Buffer): Answer =>
    (definition[type] as MessageTypeDefinition<object, object>).deserialize(bytes);
  const { details } = decode("google.rpc.Status", encoded as Buffer);
  return Object.fromEntries(
    details.map(({ type_url, value }: { type_url: string; value: Buffer }) => {
      const type = type_url.replace("type.googleapis.com/", "");
      return [type.replace("google.rpc.", ""), decode(type, value)];
    }),
  );
}
