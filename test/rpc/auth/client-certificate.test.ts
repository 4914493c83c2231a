import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type ClientHttp2Session, connect, createSecureServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { clientCertificateOf } from "../../../src/rpc/auth/client-certificate.js";
import { Certificates } from "../../support/certificates.js";

const dir = mkdtempSync(join(tmpdir(), "posta-client-certificate-"));
const certificates = new Certificates(dir);
const clients: ClientHttp2Session[] = [];
let server: ReturnType<typeof createSecureServer>;

beforeAll(async () => {
  for (const ca of ["ca", "other-ca"]) certificates.makeCa(ca);
  for (const name of ["server", "billing", "mailer"]) certificates.make(name, "ca");
  certificates.make("forged", "other-ca");
  const [ca, cert, key] = ["ca.pem", "server.pem", "server.key"].map((name) => certificates.read(name));
  server = createSecureServer({ ca, cert, key, requestCert: true, rejectUnauthorized: false });
  await once(server.listen(0, "127.0.0.1"), "listening");
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await new Promise((resolve) => server.close(resolve));
  rmSync(dir, { recursive: true });
});

/** The server's side of a connection of somebody who shows a certificate, or none. */
async function connectAs(certificate?: string): Promise<ServerHttp2Session> {
  const [cert, key] = ["pem", "key"].map((kind) => certificate && certificates.read(`${certificate}.${kind}`));
  const { port } = server.address() as AddressInfo;
  const opened = once(server, "session");
  clients.push(connect(`https://127.0.0.1:${port}`, { ca: certificates.read("ca.pem"), cert, key }));
  return (await opened)[0];
}

it("a connection's certificate is read once, and is that connection's", async () => {
  const [billing, mailer] = [await connectAs("billing"), await connectAs("mailer")];
  const first = clientCertificateOf(billing.socket);
  expect(first?.subject).toMatchObject({ CN: "billing" });
  expect(clientCertificateOf(mailer.socket)?.subject).toMatchObject({ CN: "mailer" });
  // Node makes a new object whenever it reads a certificate.
  expect(clientCertificateOf(billing.socket)).toBe(first);
});

it("a client that the server has not verified has none", async () => {
  for (const certificate of ["forged", undefined]) {
    const { socket } = await connectAs(certificate);
    expect(clientCertificateOf(socket)).toBeUndefined();
  }
  expect(clientCertificateOf(undefined)).toBeUndefined();
});
