import { Client, type ClientDuplexStream, credentials, Metadata } from "@grpc/grpc-js";
import { workMethod } from "../wire/contract.js";
import type { WorkRequest, WorkResponse } from "../wire/messages.js";

/** TLS, with other than the system's authorities, or with a certificate of the worker's own, in PEM. */
export interface TlsOptions {
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
}

export interface ConnectionOptions {
  tls: TlsOptions | undefined;
  token: string | (() => string) | undefined;
}

export interface Connection {
  stream: ClientDuplexStream<WorkRequest, WorkResponse>;
  close(): void;
}

const channelOptions = {
  // A connection that is dead, or whose server stops, is of no use for the next session.
  "grpc.use_local_subchannel_pool": 1,
  // Posta knows how large jobs may be.
  "grpc.max_receive_message_length": -1,
  // A name with several addresses: the workers spread over them.
  "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ pick_first: { shuffleAddressList: true } }] }),
};

/** Opens a stream on a connection of its own. Throws for a token that no header can carry. */
export function connect(address: string, { tls, token }: ConnectionOptions): Connection {
  const metadata = new Metadata();
  const secret = typeof token === "function" ? token() : token;
  if (secret !== undefined) metadata.set("authorization", `Bearer ${secret}`);
  const { path, requestSerialize, responseDeserialize } = workMethod;
  const client = new Client(address, toCredentials(tls), channelOptions);
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
  return { stream, close: () => client.close() };
}

function toCredentials(tls: TlsOptions | undefined) {
  if (!tls) return credentials.createInsecure();
  return credentials.createSsl(tls.ca ?? null, tls.key ?? null, tls.cert ?? null);
}
