import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { ServerCredentials } from "@grpc/grpc-js";
import { type Config, ConfigError, settings } from "../config.js";

type FileSetting = "tlsCertFile" | "tlsKeyFile" | "tlsClientCaFile";

/** TLS from the configured files, with client certificates where a CA is given; plain text without them. */
export function createCredentials(config: Config): ServerCredentials {
  if (!config.tlsCertFile) return ServerCredentials.createInsecure();
  const cert_chain = read(config, "tlsCertFile");
  const private_key = read(config, "tlsKeyFile");
  const clientCa = config.tlsClientCaFile ? read(config, "tlsClientCaFile") : null;
  try {
    // grpc-js looks into them only when it listens, and would blame the port.
    createSecureContext({ cert: cert_chain, key: private_key, ...(clientCa ? { ca: clientCa } : {}) });
    return ServerCredentials.createSsl(clientCa, [{ cert_chain, private_key }], clientCa !== null);
  } catch (error) {
    throw new ConfigError(`POSTA_TLS_CERT_FILE, POSTA_TLS_KEY_FILE: ${(error as Error).message}`);
  }
}

function read(config: Config, setting: FileSetting): Buffer {
  try {
    return readFileSync(config[setting] as string);
  } catch (error) {
    throw new ConfigError(`${settings[setting].variable}: ${(error as Error).message}`);
  }
}
