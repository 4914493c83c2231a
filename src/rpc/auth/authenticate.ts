import { createHash } from "node:crypto";
import type { PeerCertificate } from "node:tls";
import { type Config, ConfigError } from "../../config/config.js";
import { PostaError } from "../../errors/posta-error.js";
import { readCallers } from "./auth-file.js";
import { identitiesOf } from "./certificate-identity.js";
import { anyone, type Principal } from "./principal.js";

export type { Principal } from "./principal.js";

/** The credentials of a call. Both transports pass the same ones. */
export interface Credentials {
  /** The header "authorization"; undefined: none. */
  readonly authorization: unknown;
  /** The certificate of a TLS client that the server has verified; undefined: none. */
  certificate(): PeerCertificate | undefined;
}

/** Finds the caller by its credentials; throws unauthenticated. */
export type Authenticate = (credentials: Credentials) => Principal;

/**
 * Knows callers by the tokens and certificates in the file: see {@link readCallers}. Without a file, every call is
 * admitted. Tokens are kept and compared as hashes, so neither the file nor the timing reveals a token. A token takes
 * precedence over a certificate: a caller that sends a token wants to be known by that token. A wrong token is refused,
 * even with a valid certificate.
 */
export function createAuthenticate(file: string | undefined): Authenticate {
  if (file === undefined) return () => anyone;
  const { tokens, identities } = readCallers(file);
  const findByCertificate = createFinder(identities);
  return ({ authorization, certificate }) => {
    if (authorization !== undefined) return findByToken(tokens, String(authorization));
    const shown = identities.size > 0 ? certificate() : undefined;
    if (!shown) throw new PostaError("unauthenticated", '"authorization": send "Bearer <token>"');
    const caller = findByCertificate(shown);
    if (!caller) {
      throw new PostaError(
        "unauthenticated",
        "the client's certificate is no caller's: send a token as \"authorization\"",
      );
    }
    return caller;
  };
}

/** Throws a {@link ConfigError} if the file has callers with certificates, but no client can present a certificate. */
export function requireClientCa({ authFile, tlsClientCaFile }: Pick<Config, "authFile" | "tlsClientCaFile">): void {
  if (authFile === undefined || tlsClientCaFile !== undefined || readCallers(authFile).identities.size === 0) return;
  throw new ConfigError("POSTA_AUTH_FILE: has callers with certificates: set POSTA_TLS_CLIENT_CA_FILE to their CA");
}

function findByToken(tokens: ReadonlyMap<string, Principal>, authorization: string): Principal {
  const [, token] = /^Bearer (\S+)$/i.exec(authorization) ?? [];
  if (token === undefined) throw new PostaError("unauthenticated", '"authorization": send "Bearer <token>"');
  const caller = tokens.get(createHash("sha256").update(token).digest("hex"));
  if (!caller) throw new PostaError("unauthenticated", '"authorization": unknown token');
  return caller;
}

/** Maximum certificates in the cache of callers. A full cache is cleared, so that no CA can fill the memory. */
const maxKnown = 1000;

/** Finds a certificate's caller: the first line of the file that names the certificate decides. */
function createFinder(identities: ReadonlyMap<string, Principal>) {
  const known = new Map<string, Principal | undefined>();
  return (certificate: PeerCertificate): Principal | undefined => {
    const { fingerprint256 } = certificate;
    if (known.has(fingerprint256)) return known.get(fingerprint256);
    if (known.size === maxKnown) known.clear();
    const names = new Set(identitiesOf(certificate));
    const [, found] = [...identities].find(([identity]) => names.has(identity)) ?? [];
    known.set(fingerprint256, found);
    return found;
  };
}
