import { flag, integer, optional, text } from "./kinds.js";

/** Where Posta listens, and who may call. */
export const listenSettings = {
  host: text("POSTA_HOST", "127.0.0.1", "Address that gRPC and HTTP listen on. Any but loopback wants TLS and auth."),
  grpcPort: integer("POSTA_GRPC_PORT", 50051, 1, 65535, "Port of gRPC, shared by all servers."),
  httpPort: integer("POSTA_HTTP_PORT", 8080, 1, 65535, "Port of HTTP, shared by all servers."),
  insecure: flag("POSTA_INSECURE", "1: listen on any address without TLS and auth."),
  tlsCertFile: optional("POSTA_TLS_CERT_FILE", "Certificate chain, PEM. With POSTA_TLS_KEY_FILE: TLS is on."),
  tlsKeyFile: optional("POSTA_TLS_KEY_FILE", "Private key, PEM."),
  tlsClientCaFile: optional(
    "POSTA_TLS_CLIENT_CA_FILE",
    "CA of client certificates, PEM. Set: a client without one is refused. Without POSTA_AUTH_FILE a certificate of it gives all rights.",
  ),
  authFile: optional(
    "POSTA_AUTH_FILE",
    "Callers, a line each: name, SHA-256 of the token in hex (or a certificate's name), patterns of queues, event names and sending numbers. See Callers.",
  ),
};
