import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { type Config, ConfigError, settings } from "../config.js";

type FileSetting = "tlsCertFile" | "tlsKeyFile" | "tlsClientCaFile";

/** What the configured files hold, in PEM. With a CA, clients need a certificate of it. */
export interface TlsFiles {
  cert: Buffer;
  key: Buffer;
  ca?: Buffer;
}

/** Reads the files; undefined without TLS. Throws a {@link ConfigError} that names the setting at fault. */
export function readTlsFiles(config: Config): TlsFiles | undefined {
  if (!config.tlsCertFile) return undefined;
  const files: TlsFiles = { cert: read(config, "tlsCertFile"), key: read(config, "tlsKeyFile") };
  if (config.tlsClientCaFile) files.ca = read(config, "tlsClientCaFile");
  try {
    // The servers look into them only when they listen, and would blame the port.
    createSecureContext({ ...files });
  } catch (error) {
    throw new ConfigError(`POSTA_TLS_CERT_FILE, POSTA_TLS_KEY_FILE: ${(error as Error).message}`);
  }
  return files;
}

function read(config: Config, setting: FileSetting): Buffer {
  try {
    return readFileSync(config[setting] as string);
  } catch (error) {
    throw new ConfigError(`${settings[setting].variable}: ${(error as Error).message}`);
  }
}
