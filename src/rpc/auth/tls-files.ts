import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { type Config, ConfigError } from "../../config/config.js";
import { settings } from "../../config/settings.js";

type FileSetting = "tlsCertFile" | "tlsKeyFile" | "tlsClientCaFile";

/** The contents of the configured files, in PEM. With a CA, clients need a certificate from that CA. */
export interface TlsFiles {
  cert: Buffer;
  key: Buffer;
  ca?: Buffer;
}

/** Reads the files; undefined without TLS. Throws a {@link ConfigError} that names the setting at fault. */
export function readTlsFiles(config: Config): TlsFiles | undefined {
  if (!config.tlsCertFile) return undefined;
  const files: TlsFiles = { cert: read(config, "tlsCertFile"), key: read(config, "tlsKeyFile") };
  if (config.tlsClientCaFile) files.ca = readCa(config);
  // The servers check the files only when they start to listen, and would then blame the port.
  requireUsable({ cert: files.cert }, "POSTA_TLS_CERT_FILE: has no certificate in PEM");
  requireUsable({ key: files.key }, "POSTA_TLS_KEY_FILE: has no private key in PEM without a passphrase");
  requireUsable({ ...files }, "POSTA_TLS_CERT_FILE, POSTA_TLS_KEY_FILE: do not fit together");
  return files;
}

function requireUsable(parts: SecureContextOptions, problem: string): void {
  try {
    createSecureContext(parts);
  } catch (error) {
    throw new ConfigError(`${problem} (${(error as Error).message})`);
  }
}

/** Checks the CA here: the server would accept a file without a certificate, and then refuse every client. */
function readCa(config: Config): Buffer {
  const ca = read(config, "tlsClientCaFile");
  try {
    new X509Certificate(ca);
  } catch (error) {
    throw new ConfigError(`POSTA_TLS_CLIENT_CA_FILE: has no certificate in PEM (${(error as Error).message})`);
  }
  return ca;
}

function read(config: Config, setting: FileSetting): Buffer {
  try {
    return readFileSync(config[setting] as string);
  } catch (error) {
    throw new ConfigError(`${settings[setting].variable}: the file cannot be read: ${(error as Error).message}`);
  }
}
