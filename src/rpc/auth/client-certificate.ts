import type { Duplex } from "node:stream";
import { type PeerCertificate, TLSSocket } from "node:tls";

/**
 * Certificates by connection. Reading a certificate costs more than the rest of a small call, and a connection never
 * changes its certificate.
 */
const certificates = new WeakMap<TLSSocket, PeerCertificate>();

/**
 * The certificate of the TLS client of `socket`; undefined if the server has not verified that client. Node reads the
 * certificate once for each connection.
 */
export function clientCertificateOf(socket: Duplex | undefined): PeerCertificate | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const certificate = certificates.get(socket) ?? socket.getPeerCertificate();
  certificates.set(socket, certificate);
  return certificate;
}
