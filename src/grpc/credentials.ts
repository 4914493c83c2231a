import { ServerCredentials } from "@grpc/grpc-js";
import type { TlsFiles } from "../rpc/auth/tls-files.js";

/** Plain text without files. With files: TLS, and client certificates are required if the files have a CA. */
export function createCredentials(files: TlsFiles | undefined): ServerCredentials {
  if (!files) return ServerCredentials.createInsecure();
  const { cert, key, ca } = files;
  return ServerCredentials.createSsl(ca ?? null, [{ cert_chain: cert, private_key: key }], ca !== undefined);
}
