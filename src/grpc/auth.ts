import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { PeerCertificate } from "node:tls";
import { ConfigError } from "../config.js";
import { PostaError, show } from "../errors.js";

/** Who calls, as far as the domain asks: may they use the queue, the events, or the sending number, of this name? */
export interface Principal {
  readonly name: string;
  mayUse(name: string): boolean;
  /** Throws forbidden; `what` is for the error: "the queue". */
  require(what: string, name: string): void;
}

/** What a call brings to say who it is from. Both transports hand over the same. */
export interface Credentials {
  /** The header "authorization"; undefined: none. */
  readonly authorization: unknown;
  /** Of a TLS client that the server has verified; undefined: none. */
  certificate(): PeerCertificate | undefined;
}

/** Tells who a call is from; throws unauthenticated. */
export type Authenticate = (credentials: Credentials) => Principal;

const anyone: Principal = { name: "anyone", mayUse: () => true, require() {} };

/**
 * Reads the callers' tokens from a file, a line each: `name sha256-of-token-in-hex queue,queue*,event.*`. Without a file every
 * call is let in. Tokens are kept and compared as hashes, so neither the file nor a timing gives one away.
 */
export function createAuthenticate(file: string | undefined): Authenticate {
  if (file === undefined) return () => anyone;
  const callers = readCallers(file);
  return ({ authorization }) => {
    const [, token] = /^Bearer (\S+)$/i.exec(String(authorization ?? "")) ?? [];
    if (token === undefined) throw new PostaError("unauthenticated", '"authorization": send "Bearer <token>"');
    const caller = callers.get(createHash("sha256").update(token).digest("hex"));
    if (!caller) throw new PostaError("unauthenticated", '"authorization": unknown token');
    return caller;
  };
}

function readCallers(file: string): Map<string, Principal> {
  const callers = new Map<string, Principal>();
  for (const [index, line] of readText(file).split("\n").entries()) {
    const [name, hash, queues, ...rest] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (!name) continue;
    if (!hash || !/^[0-9a-f]{64}$/.test(hash) || !queues || rest.length > 0) {
      throw new ConfigError(`POSTA_AUTH_FILE: line ${index + 1} is not "name sha256-in-hex queues"`);
    }
    callers.set(hash, createPrincipal(name, queues.split(",")));
  }
  return callers;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigError(`POSTA_AUTH_FILE: ${(error as Error).message}`);
  }
}

function createPrincipal(name: string, patterns: string[]): Principal {
  const parts = patterns.map((pattern) => pattern.split("*").map(escapeRegExp).join(".*"));
  const allowed = new RegExp(`^(?:${parts.join("|")})$`, "s");
  const mayUse = (used: string) => allowed.test(used);
  return {
    name,
    mayUse,
    require(what, used) {
      if (!mayUse(used)) throw new PostaError("forbidden", `${name} may not use ${what} ${show(used)}`);
    },
  };
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
