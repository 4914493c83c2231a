import { once } from "node:events";
import { createServer } from "node:net";
import { ConfigError } from "../../src/config/config.js";

/** Throws a {@link ConfigError} if the port is taken, so that a second start fails before it touches a store. */
export async function requireFreePort(variable: string, host: string, port: number): Promise<void> {
  const probe = createServer();
  probe.listen(port, host);
  await once(probe, "listening").catch((error) => {
    throw listenError(variable, host, port, error);
  });
  probe.close();
  await once(probe, "close");
}

export function listenError(variable: string, host: string, port: number, error: NodeJS.ErrnoException): ConfigError {
  const address = variable.replace("_PORT", "_HOST").replace(/GRPC_|HTTP_/, "");
  if (error.code === "EADDRNOTAVAIL") return new ConfigError(`${address}: this machine has no address ${host}`);
  if (error.syscall === "getaddrinfo") {
    return new ConfigError(`${address}: there is no host ${host}; use an address of this machine, as 127.0.0.1`);
  }
  const why =
    error.code === "EADDRINUSE" ? "is taken, perhaps by another Posta" : `cannot be listened on: ${error.message}`;
  return new ConfigError(`${variable}: ${host}:${port} ${why}; stop that, or set ${variable}`);
}
