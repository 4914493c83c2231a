import type { Config } from "../config/config.js";
import { type Authenticate, createAuthenticate } from "./auth/authenticate.js";
import { IncomingBytes } from "./incoming-bytes.js";
import type { Audience } from "./method.js";

/** The largest message of who needs no token, in bytes: a health check, or a question to reflection. */
const anyonesMessageBytes = 16 << 10;

/** How long a request may be on its way, in milliseconds, before others may take its room when there is no more. */
const patienceMs = 2000;

/** How the calls of an audience come in, by whichever transport. */
export interface Entry {
  authenticate: Authenticate;
  /** Bounds what all calls hold together while they come in. */
  incoming: IncomingBytes;
  /** Of one message, compressed or not. */
  maxMessageBytes: number;
  /** Whether gRPC messages may be compressed. */
  allowsCompression: boolean;
}

/** Each audience's entry, once a process. Who needs no token has a small budget apart, so that callers always have theirs. */
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
      // A few bytes could inflate to a message a thousand times their size.
      allowsCompression: false,
    },
  };
}
