import type { Config } from "../config/config.js";
import { type Authenticate, createAuthenticate } from "./auth/authenticate.js";
import { IncomingBytes } from "./incoming-bytes.js";
import type { Audience } from "./method.js";

/** Largest message to a service that needs no token, in bytes: a health check, or a question to reflection. */
const anyonesMessageBytes = 16 << 10;

/** When the budget is used up, a request that has been arriving for this long, in milliseconds, may be dropped. */
const patienceMs = 2000;

/** How the calls of an audience are admitted, on every transport. */
export interface Entry {
  authenticate: Authenticate;
  /** Bounds what all calls together hold while they arrive. */
  incoming: IncomingBytes;
  /** Largest size of one message, compressed or not. */
  maxMessageBytes: number;
  /** Whether gRPC messages may be compressed. */
  allowsCompression: boolean;
}

/**
 * Creates each audience's entry, once per process. Services that need no token have a small separate budget, so that
 * they cannot use up the callers' budget.
 */
export function createEntries(config: Config): Record<Audience, Entry> {
  const { maxIncomingBytes, maxMessageBytes } = config;
  return {
    callers: {
      authenticate: createAuthenticate(config.authFile),
      incoming: new IncomingBytes({ maxBytes: maxIncomingBytes, patienceMs }),
      maxMessageBytes,
      allowsCompression: true,
    },
    anyone: {
      authenticate: createAuthenticate(undefined),
      incoming: new IncomingBytes({ maxBytes: maxIncomingBytes / 16, patienceMs }),
      maxMessageBytes: Math.min(maxMessageBytes, anyonesMessageBytes),
      // A few bytes could inflate to a message of a thousand times their size.
      allowsCompression: false,
    },
  };
}
