import { Client, credentials } from "@grpc/grpc-js";
import { loadMethod } from "../bench/contract.js";

export const queueService = "posta.queue.v1.QueueService";

/** Calls a service over several connections in turn: a connection stays on one server process. */
export class ServiceClient {
  private readonly clients: Client[];
  private next = 0;

  constructor(
    target: string,
    private readonly service: string,
    connections = 1,
  ) {
    const options = { "grpc.use_local_subchannel_pool": 1, "grpc.initial_reconnect_backoff_ms": 100 };
    this.clients = Array.from({ length: connections }, () => new Client(target, credentials.createInsecure(), options));
  }

  /** Rejects with a ServiceError. */
  call<Answer>(method: string, request: object, deadlineMs = 10_000): Promise<Answer> {
    const { path, requestSerialize, responseDeserialize } = loadMethod(this.service, method);
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
