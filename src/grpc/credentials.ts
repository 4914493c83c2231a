import { ServerCredentials } from "@grpc/grpc-js";
import type { TlsFiles } from "../rpc/auth/tls-files.js";

/** TLS with what the files hold, with client certificates where there is a CA; plain text without files. */
export function createCredentials(files: TlsFiles | undefined): ServerCredentials {
  if (!files) return ServerCredentials.createInsecure();
  const { cert, key, ca } = files;
  return ServerCredentials.createSsl(ca ?? null, [{ cert_chain: cert, private_key: key }], ca !== undefined);
}
