import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { toWebhookJob, webhookQueue } from "../../../src/message/webhook/webhook-job.js";
import { openRaw, type RawConnection, send } from "../../http/client.js";
import { incomingBytes } from "../../support/incoming.js";
import { startServer } from "../../support/posta.js";
import { startRedis } from "../../support/redis.js";
import { useReleases } from "../../support/releases.js";
import { postWebhook, signatureOf } from "../webhook-bodies.js";

const secret = "an app's secret";
const token = "to be verified";
const env = { POSTA_WHATSAPP_APP_SECRET: secret, POSTA_WHATSAPP_VERIFY_TOKEN: token };
const maxBytes = 3 << 20;

type Posta = Awaited<ReturnType<typeof startServer>>;
let posta: Posta;
const releases = useReleases();
beforeAll(async () => {
  posta = await startServer(inject("redisUrl"), env);
  await posta.serving;
});
afterAll(() => posta.stop());

async function start(redisUrl: string, more: Record<string, string> = {}): Promise<Posta> {
  const started = await startServer(redisUrl, { ...env, ...more });
  releases.push(() => started.stop());
  await started.serving;
  return started;
}

const urlOf = ({ httpUrl }: Posta) => `${httpUrl}/webhooks/whatsapp`;
const post = (body: string | Buffer, headers: Record<string, string>) =>
  send(urlOf(posta), { method: "POST", body: Buffer.from(body), headers });
const postSigned = async (body: string | Buffer) => (await postWebhook(posta.httpUrl, body, secret)).status;
/** A body that no other test has. */
const freshBody = () =>
  JSON.stringify({ object: "whatsapp_business_account", entry: [], n: randomBytes(8).toString("hex") });
const jobOf = async (body: string | Buffer) => {
  const { id: jobId } = toWebhookJob(Buffer.from(body));
  return (await posta.client.queue("GetJob", { queue: webhookQueue, jobId })).job;
};
const countJobs = async () => {
  const { queue } = await posta.client.queue("GetQueue", { queue: webhookQueue });
  return Number(queue.counts.waiting);
};
const countOf = async ({ metrics }: Posta, outcome: string) => {
  const text = await metrics.getSingleMetricAsString("posta_webhook_requests_total");
  return Number(new RegExp(`outcome="${outcome}"} (\\d+)`).exec(text)?.[1] ?? 0);
};

describe("the handshake", () => {
  const ask = (query: Record<string, string>, of = posta) => send(`${urlOf(of)}?${new URLSearchParams(query)}`);
  const good = { "hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "1158<201>444" };

  it("echoes the challenge as text", async () => {
    const { status, text, headers } = await ask(good);
    expect([status, text]).toEqual([200, "1158<201>444"]);
    expect(headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  it.each([
    ["another token", { ...good, "hub.verify_token": `${token}x` }],
    ["no token", { "hub.mode": "subscribe", "hub.challenge": "1" }],
    ["another mode", { ...good, "hub.mode": "unsubscribe" }],
    ["nothing", {}],
  ])("refuses %s", async (_, query) => {
    const { status, text } = await ask(query as Record<string, string>);
    expect(status).toBe(403);
    expect(text).not.toContain("1158");
  });

  it("refuses any token, even none, where none is set", async () => {
    const other = await start(inject("redisUrl"), { POSTA_WHATSAPP_VERIFY_TOKEN: "" });
    for (const given of ["", "undefined", token]) {
      expect((await ask({ ...good, "hub.verify_token": given }, other)).status).toBe(403);
    }
  });
});

describe("a signed body", () => {
  it.each([
    ["plain", '{"object":"whatsapp_business_account","entry":[]}'],
    ["not as JSON.stringify writes it", '{ "b" : 1.0,\r\n\t"a":\t[ ] , "a": 1e2 }\n'],
    ["with escapes", '{"text":"Gr\\u00fc\\u00DFe \\ud83d\\ude00 http:\\/\\/x \\u0000"}'],
    ["with what the escapes stand for", '{"text":"Grüße 😀 http://x"}'],
  ])("that is %s is put into the queue, byte for byte", async (_, body) => {
    expect(await postSigned(body)).toBe(200);
    expect(await jobOf(body)).toMatchObject({ name: "webhook", dataJson: body });
  });

  it("that comes again is there already", async () => {
    const body = freshBody();
    expect(await postSigned(body)).toBe(200);
    const before = await countJobs();
    expect(await postSigned(body)).toBe(200);
    expect(await countJobs()).toBe(before);
  });

  it("needs no caller's token", async () => {
    const dir = mkdtempSync(join(tmpdir(), "posta-auth-"));
    releases.push(() => rmSync(dir, { recursive: true }));
    writeFileSync(join(dir, "auth"), `app ${"0".repeat(64)} *\n`);
    const guarded = await start(inject("redisUrl"), { POSTA_AUTH_FILE: join(dir, "auth") });
    expect((await postWebhook(guarded.httpUrl, freshBody(), secret)).status).toBe(200);
  });
});

describe("a signature", () => {
  const body = '{"object":"whatsapp_business_account","entry":[],"signed":"wrongly"}';
  const right = signatureOf(body, secret);

  it.each([
    ["missing", undefined],
    ["empty", ""],
    ["of another secret", signatureOf(body, "another secret")],
    ["of other bytes", signatureOf(`${body} `, secret)],
    ["of no bytes", signatureOf("", secret)],
    ["without its name", right.slice(7)],
    ["of SHA-1", `sha1=${right.slice(7, 47)}`],
    ["too short", right.slice(0, -2)],
    ["too long", `${right}00`],
    ["no hex", `sha256=${"g".repeat(64)}`],
    ["wrong in its last digit", right.slice(0, -1) + (right.endsWith("0") ? "1" : "0")],
  ])("that is %s is refused, and nothing is kept", async (_, signature) => {
    const { status } = await post(body, signature === undefined ? {} : { "x-hub-signature-256": signature });
    expect(status).toBe(401);
    await expect(jobOf(body)).rejects.toMatchObject({ code: 5 });
  });

  it("is of the bytes, not of what they say", async () => {
    const escaped = '{"text":"\\u00fc"}';
    const { status } = await post('{"text":"ü"}', { "x-hub-signature-256": signatureOf(escaped, secret) });
    expect(status).toBe(401);
  });

  it("of bytes that were compressed on the way cannot be told", async () => {
    const headers = { "x-hub-signature-256": signatureOf(body, secret), "content-encoding": "gzip" };
    expect((await post(gzipSync(body), headers)).status).toBe(415);
  });
});

describe("a body", () => {
  it.each([
    ["empty", ""],
    ["no JSON", '{"object":'],
    ["JSON with a byte order mark", Buffer.from("\ufeff{}")],
    ["not UTF-8", Buffer.from([0x22, 0xff, 0xfe, 0x22])],
  ])("that is signed and %s is refused", async (_, body) => {
    const answer = await postWebhook(posta.httpUrl, body, secret);
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringMatching(/^body: is /)]);
  });

  it("may be of 3 MiB, as Meta says, and no more", async () => {
    const bodyOf = (size: number) => `"${"x".repeat(size - 2)}"`;
    expect(await postSigned(bodyOf(maxBytes))).toBe(200);
    expect(await postSigned(bodyOf(maxBytes + 1))).toBe(413);
  });

  it("without a length is cut off at the same size", async () => {
    const { socket, received, closed } = await openRaw(posta.httpUrl);
    const signature = `sha256=${"0".repeat(64)}`;
    socket.write(`${headOf(signature)}transfer-encoding: chunked\r\n\r\n`);
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    for (let sent = 0; sent <= maxBytes; sent += 0x10000) socket.write(chunk);
    await expect.poll(received).toMatch(/^HTTP\/1.1 413 .*connection: close/is);
    await closed;
  });

  it("that the client breaks off is counted, and nothing else happens", async () => {
    const before = await countOf(posta, "aborted");
    const { socket } = await openRaw(posta.httpUrl);
    socket.write(`${headOf(signatureOf("{}", secret))}content-length: 1000\r\n\r\n{`);
    // Its head has been read by then: requests come in their order.
    expect(await postSigned(freshBody())).toBe(200);
    socket.destroy();
    await expect.poll(() => countOf(posta, "aborted")).toBe(before + 1);
  });

  it("that is signed is taken while others' half-sent bodies fill the room: the oldest of them goes", async () => {
    const others = await sendHalf(posta, 23);
    const isRefused = () => others.some(({ received }) => /^HTTP\/1.1 503 .*retry-after: 1/is.test(received()));
    await expect.poll(isRefused).toBe(true);
    for (const body of [largeBody(), freshBody()]) {
      const answer = await postWebhook(posta.httpUrl, body, secret);
      expect([answer.status, await answer.text()]).toEqual([200, "ok\n"]);
    }
    expect(others.some(({ received }) => received() === "")).toBe(true);
    expect(await incomingBytes(posta, "webhooks")).toBeGreaterThan(maxBytes);
    for (const { socket } of others) socket.destroy();
    await expect.poll(() => incomingBytes(posta, "webhooks")).toBe(0);
  });

  it.each([
    ["late", "500ms", (_: RawConnection) => {}],
    ["aborted", "10s", ({ socket }: RawConnection) => socket.destroy()],
  ])("that is %s gives its bytes back", async (outcome, deadline, end) => {
    const impatient = await start(inject("redisUrl"), { POSTA_DEFAULT_DEADLINE: deadline });
    // Together more than there is room for, but never at the same time.
    for (let round = 1; round <= 4; round += 1) {
      for (const connection of await sendHalf(impatient, 8)) end(connection);
      await expect.poll(() => countOf(impatient, outcome), { timeout: 5000 }).toBe(8 * round);
      await expect.poll(() => incomingBytes(impatient, "webhooks")).toBe(0);
    }
    expect(await countOf(impatient, "unavailable")).toBe(0);
    expect((await postWebhook(impatient.httpUrl, largeBody(), secret)).status).toBe(200);
  });

  it("that does not come is waited for no longer than a call is", async () => {
    const impatient = await start(inject("redisUrl"), { POSTA_DEFAULT_DEADLINE: "300ms" });
    const { socket, received, closed } = await openRaw(impatient.httpUrl);
    socket.write(`${headOf(signatureOf("{}", secret))}content-length: 1000\r\n\r\n{`);
    await closed;
    expect(received()).toMatch(/^HTTP\/1.1 408 /);
    expect(await countOf(impatient, "late")).toBe(1);
  });
});

describe("the webhook", () => {
  it("is not there without a secret", async () => {
    const without = await start(inject("redisUrl"), { POSTA_WHATSAPP_APP_SECRET: "" });
    const body = freshBody();
    expect((await postWebhook(without.httpUrl, body, "")).status).toBe(404);
    expect((await send(`${urlOf(without)}?hub.mode=subscribe&hub.verify_token=${token}`)).status).toBe(404);
  });

  it("takes only GET and POST", async () => {
    const { status, headers } = await send(urlOf(posta), { method: "PUT", body: "{}" });
    expect([status, headers.get("allow")]).toEqual([405, "GET, POST"]);
  });

  it("asks to come again while neither store can keep a body", async () => {
    const redis = await startRedis();
    releases.push(() => redis.stop());
    const lone = await start(redis.url, { POSTA_DATABASE_URL: "postgresql:///none?host=/nonexistent" });
    await redis.kill();
    const body = freshBody();
    const answer = await postWebhook(lone.httpUrl, body, secret);
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await countOf(lone, "unavailable")).toBe(1);
    await redis.restart();
    await expect.poll(async () => (await postWebhook(lone.httpUrl, body, secret)).status).toBe(200);
  });

  it("answers what is on its way while the server stops, and closes the connection", async () => {
    const stopping = await startServer(inject("redisUrl"), env);
    await stopping.serving;
    const body = freshBody();
    const { socket, received, closed } = await openRaw(stopping.httpUrl);
    socket.write(`${headOf(signatureOf(body, secret))}content-length: ${body.length}\r\n\r\n{`);
    expect((await postWebhook(stopping.httpUrl, freshBody(), secret)).status).toBe(200);
    const stopped = stopping.stop();
    socket.write(body.slice(1));
    await closed;
    expect(received()).toMatch(/^HTTP\/1.1 200 .*connection: close.*ok\n$/is);
    await stopped;
  });

  it("counts how requests end", async () => {
    const before = await countOf(posta, "unsigned");
    await post("{}", {});
    expect(await countOf(posta, "unsigned")).toBe(before + 1);
    expect(await countOf(posta, "accepted")).toBeGreaterThan(0);
  });
});

/** A signed body may be so large. */
function largeBody(): string {
  const id = randomBytes(8).toString("hex");
  return `"${id}${"x".repeat(maxBytes - 2 - id.length)}"`;
}

/** Sends large bodies with a made-up signature, but for their last byte. */
async function sendHalf({ httpUrl }: Posta, count: number): Promise<RawConnection[]> {
  const part = Buffer.alloc(maxBytes - 1, "x");
  const connections = await Promise.all(Array.from({ length: count }, () => openRaw(httpUrl)));
  const written = connections.map(({ socket }) => {
    socket.write(`${headOf(signatureOf("", secret))}content-length: ${maxBytes}\r\n\r\n`);
    return new Promise((resolve) => socket.write(part, resolve));
  });
  await Promise.all(written);
  return connections;
}

function headOf(signature: string): string {
  return `POST /webhooks/whatsapp HTTP/1.1\r\nhost: test\r\nx-hub-signature-256: ${signature}\r\n`;
}
