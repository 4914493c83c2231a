import type { Duplex } from "node:stream";
import { type PeerCertificate, TLSSocket } from "node:tls";

/** To read a certificate costs more than the rest of a small call, and a connection keeps the certificate that it began with. */
const certificates = new WeakMap<TLSSocket, PeerCertificate>();

/**
 * The certificate of the TLS client at the other end of `socket`, if the server has verified that client; else undefined. Node
 * reads the certificate once a connection.
 */
export function clientCertificateOf(socket: Duplex | undefined): PeerCertificate | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const certificate = certificates.get(socket) ?? socket.getPeerCertificate();
  certificates.set(socket, certificate);
  return certificate;
}
