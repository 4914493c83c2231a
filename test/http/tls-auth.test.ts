import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startServer } from "../support/posta.js";
import { openRaw, post, queueService, rawHead, send } from "./client.js";

const dir = mkdtempSync(join(tmpdir(), "posta-http-"));
const file = (name: string) => join(dir, name);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Makes a certificate for 127.0.0.1 that is its own CA. */
function makeCertificate(name: string): void {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const out = ["-keyout", file(`${name}.key`), "-out", file(`${name}.pem`), "-days", "1"];
  const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync("openssl", ["req", "-x509", ...key, ...subject, ...out], { stdio: "pipe" });
}

type Posta = Awaited<ReturnType<typeof startServer>>;

/** Calls ListQueues over TLS; rejects if there is no connection. */
function listQueues(posta: Posta, tls: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const options = { method: "POST", headers: { "content-type": "application/json" }, agent: false as const, ...tls };
    const request = httpsRequest(`${posta.httpUrl}/${queueService}/ListQueues`, options, (response) => {
      resolve(json(response));
    });
    request.on("error", reject);
    request.end("{}");
  });
}

describe("TLS over HTTP", () => {
  const read = (name: string) => readFileSync(file(name));
  let posta: Posta;
  let mutual: Posta;
  beforeAll(async () => {
    for (const name of ["server", "client", "stranger"]) makeCertificate(name);
    const tls = { POSTA_TLS_CERT_FILE: file("server.pem"), POSTA_TLS_KEY_FILE: file("server.key") };
    posta = await startServer(inject("redisUrl"), tls);
    mutual = await startServer(inject("redisUrl"), { ...tls, POSTA_TLS_CLIENT_CA_FILE: file("client.pem") });
    await Promise.all([posta.serving, mutual.serving]);
  });
  afterAll(async () => {
    await posta?.stop();
    await mutual?.stop();
  });

  it("serves a client that trusts its certificate, and no other", async () => {
    expect(await listQueues(posta, { ca: read("server.pem") })).toEqual({});
    await expect(listQueues(posta, { ca: read("stranger.pem") })).rejects.toThrow("self-signed");
  });

  it("serves no plain text", async () => {
    await expect(post(posta.httpUrl.replace("https:", "http:"), "ListQueues", {})).rejects.toThrow();
  });

  it("asks for a client's certificate if there is a CA for them", async () => {
    const ca = read("server.pem");
    expect(await listQueues(mutual, { ca, cert: read("client.pem"), key: read("client.key") })).toEqual({});
    await expect(listQueues(mutual, { ca })).rejects.toThrow();
    await expect(listQueues(mutual, { ca, cert: read("stranger.pem"), key: read("stranger.key") })).rejects.toThrow();
  });
});

describe("tokens over HTTP", () => {
  const hash = createHash("sha256").update("shop-token").digest("hex");
  let posta: Posta;
  beforeAll(async () => {
    writeFileSync(file("tokens"), `shop ${hash} orders,mail*\n`);
    posta = await startServer(inject("redisUrl"), { POSTA_AUTH_FILE: file("tokens") });
    await posta.serving;
  });
  afterAll(() => posta.stop());

  const add = (queue: string, headers: Record<string, string>) =>
    post(posta.httpUrl, "AddJob", { queue, job: { name: "n" } }, headers);

  it.each([
    ["none", {}],
    ["an unknown one", { authorization: "Bearer nobody" }],
    ["the hash itself", { authorization: `Bearer ${hash}` }],
    ["another scheme", { authorization: "Basic shop-token" }],
    ["another scheme before it", { authorization: "Basic Bearer shop-token" }],
  ])("%s is unauthenticated", async (_, headers) => {
    const answer = await add("orders", headers);
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.text)).toMatchObject({ code: "unauthenticated" });
    expect(answer.text).toContain("authorization");
    expect(answer.text).not.toContain("nobody");
  });

  it("are asked for before a body is waited for", async () => {
    const { received, closed, socket } = await openRaw(posta.httpUrl);
    socket.write(rawHead("AddJobs", 4 << 20, { authorization: "Bearer nobody" }));
    await closed;
    expect(received()).toMatch(/^HTTP\/1.1 401 .*connection: close.*unauthenticated/is);
  });

  it("allow a caller its queues, and no other", async () => {
    const headers = { authorization: "Bearer shop-token" };
    expect((await add("mail-urgent", headers)).status).toBe(200);
    const answer = await add("secret", headers);
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.text)).toEqual({
      code: "permission_denied",
      message: 'shop may not use the queue "secret"',
    });
  });

  it("are not asked for by health and probes", async () => {
    const init = { method: "POST", body: "{}", headers: { "content-type": "application/json" } };
    const check = await send(`${posta.httpUrl}/grpc.health.v1.Health/Check`, init);
    expect(JSON.parse(check.text)).toEqual({ status: "SERVING" });
    expect((await send(`${posta.httpUrl}/readyz`)).status).toBe(200);
  });
});
