import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Certificates } from "../../support/certificates.js";
import { createStore, startNode, startSentinel, startTcpRedis, untilWhole } from "../../support/redis-cluster.js";
import { useReleases } from "../../support/releases.js";

const releases = useReleases();
const folder = mkdtempSync(join(tmpdir(), "posta-redis-tls-"));
const certificates = new Certificates(folder);
const file = (name: string) => certificates.file(name);
const tlsOf = (name: string) => ({ ca: file("ca.pem"), cert: file(`${name}.pem`), key: file(`${name}.key`) });

beforeAll(() => {
  certificates.makeCa("ca");
  certificates.make("number", "ca");
  certificates.make("name", "ca", { altNames: "DNS:localhost" });
  certificates.make("elsewhere", "ca", { altNames: "DNS:redis.example" });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Whether the address leads to a Redis that can be used. Asks until it was tried. */
async function reaches(url: string): Promise<boolean> {
  const store = createStore(releases, url);
  store.open();
  const [usable] = await once(store, "usable");
  return usable === true;
}

describe("Redis with TLS", () => {
  it("is reached with its CA and a client's certificate, and without these it is not", async () => {
    const client = `cert=${file("number.pem")}&key=${file("number.key")}`;
    const { port } = await startTcpRedis(releases, ["--appendonly", "yes"], { tls: tlsOf("number") });
    expect(await reaches(`rediss://127.0.0.1:${port}?ca=${file("ca.pem")}&${client}`)).toBe(true);
    expect(await reaches(`rediss://127.0.0.1:${port}?ca=${file("ca.pem")}`)).toBe(false);
    expect(await reaches(`rediss://127.0.0.1:${port}?${client}`)).toBe(false);
  });

  it("is reached where its certificate has another name, which the address gives", async () => {
    const optional = ["--appendonly", "yes", "--tls-auth-clients", "no"];
    const { port } = await startTcpRedis(releases, optional, { tls: tlsOf("elsewhere"), servername: "redis.example" });
    const url = `rediss://127.0.0.1:${port}?ca=${file("ca.pem")}`;
    expect(await reaches(`${url}&servername=redis.example`)).toBe(true);
    expect(await reaches(url)).toBe(false);
  });

  it("may be a Cluster whose certificates are for names", async () => {
    const names = ["--cluster-announce-hostname", "localhost", "--cluster-preferred-endpoint-type", "hostname"];
    const optional = ["--tls-auth-clients", "no", ...names];
    // The test's own client asks by number, which the certificate does not have.
    const node = await startNode(releases, optional, { tls: tlsOf("name"), servername: "localhost" });
    await node.client.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    await untilWhole(node.client);
    expect(await reaches(`rediss+cluster://localhost:${node.port}?ca=${file("ca.pem")}`)).toBe(true);
  });

  it("may be a Sentinel's master, and the Sentinel may have a password of its own", async () => {
    const [password, sentinelPassword] = ["of-the-master", "of-the-sentinel"];
    const args = ["--appendonly", "yes", "--requirepass", password];
    const master = await startTcpRedis(releases, args, { password, tls: tlsOf("number") });
    const { ca, cert, key } = tlsOf("number");
    const port = await startSentinel(releases, master, [
      `tls-ca-cert-file ${ca}`,
      `tls-cert-file ${cert}`,
      `tls-key-file ${key}`,
      "tls-replication yes",
      `requirepass ${sentinelPassword}`,
      `sentinel auth-pass mymaster ${password}`,
    ]);
    const url = `rediss+sentinel://:${password}@127.0.0.1:${port}/mymaster?ca=${ca}&cert=${cert}&key=${key}`;
    expect(await reaches(`${url}&sentinel_password=${sentinelPassword}`)).toBe(true);
  });
});
