import type { Duplex } from "node:stream";
import { type PeerCertificate, TLSSocket } from "node:tls";
import { perObject } from "../../batching/per-object.js";

/** To read a certificate costs more than the rest of a small call, and a connection keeps the certificate that it began with. */
const readOnce = perObject((socket: TLSSocket) => socket.getPeerCertificate());

/**
 * The certificate of the TLS client at the other end of `socket`, if the server has verified that client; else undefined. Node
 * reads the certificate once a connection.
 */
export function clientCertificateOf(socket: Duplex | undefined): PeerCertificate | undefined {
  return socket instanceof TLSSocket && socket.authorized ? readOnce(socket) : undefined;
}
