import { flag, integer, optional, text } from "./kinds.js";

/** Where Posta listens, and who may call. */
export const listenSettings = {
  host: text(
    "POSTA_HOST",
    "127.0.0.1",
    "Address that gRPC and HTTP listen on. An address other than loopback needs TLS and auth, or POSTA_INSECURE=1.",
  ),
  grpcPort: integer("POSTA_GRPC_PORT", 50051, 1, 65535, "gRPC port that all servers share."),
  httpPort: integer("POSTA_HTTP_PORT", 8080, 1, 65535, "HTTP port that all servers share."),
  insecure: flag("POSTA_INSECURE", "1: allow an address other than loopback without TLS and auth."),
  tlsCertFile: optional(
    "POSTA_TLS_CERT_FILE",
    "Certificate chain in PEM. TLS is on when this and POSTA_TLS_KEY_FILE are set.",
  ),
  tlsKeyFile: optional("POSTA_TLS_KEY_FILE", "Private key in PEM."),
  tlsClientCaFile: optional(
    "POSTA_TLS_CLIENT_CA_FILE",
    "CA of client certificates in PEM. Set: clients need a certificate of this CA. Without POSTA_AUTH_FILE each such certificate gives all rights.",
  ),
  authFile: optional(
    "POSTA_AUTH_FILE",
    "File of callers, one per line: name, credential, patterns. docs/operations/callers.md describes the format. Unset: no token is needed.",
  ),
};
