import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { ConfigError } from "../../config/config.js";
import type { RedisAddress } from "./parse-address.js";

const fileNames = ["ca", "cert", "key"] as const;

/** The TLS options of an address, with the files that its parameters name. Undefined: the address has no TLS. */
export function readTls({ hasTls, parameters }: RedisAddress, variable: string): ConnectionOptions | undefined {
  const { servername, cert, key } = parameters;
  const given = [...fileNames, "servername" as const].find((name) => parameters[name] !== undefined);
  if (!hasTls) {
    if (given) throw new ConfigError(`${variable}: its parameter "${given}" needs TLS: begin the address with rediss`);
    return undefined;
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new ConfigError(`${variable}: has one of the parameters "cert" and "key"; give both or neither`);
  }
  const files = fileNames.flatMap((name) => {
    const path = parameters[name];
    return path === undefined ? [] : [[name, readPem(path, name, variable)]];
  });
  return { ...Object.fromEntries(files), ...(servername && { servername }) };
}

function readPem(path: string, name: string, variable: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(`${variable}: cannot read the file of its parameter "${name}", ${path} (${code})`);
  }
}
