import { createServer } from "node:http";
import { buildConnector, Pool } from "undici";
import { describe, expect, it } from "vitest";
import { exchange } from "../../../src/message/whatsapp/exchange.js";
import type { WhatsAppClient } from "../../../src/message/whatsapp/whatsapp.js";
import { useReleases } from "../../support/releases.js";
import { startWhatsApp, type WhatsAppOptions } from "../../support/whatsapp-server.js";
import { createClient, fixedToken, recipient, sender, startSocketServer, textBody } from "../setup.js";

const releases = useReleases();

async function start(options: WhatsAppOptions = {}, timeoutMs = 5000) {
  const api = await startWhatsApp(options);
  releases.push(() => api.stop());
  return { api, client: connect(api.url, timeoutMs) };
}

function connect(url: string, timeoutMs = 5000): WhatsAppClient {
  const client = createClient(url, timeoutMs);
  releases.push(() => client.close());
  return client;
}

/** A server of the test's own, that is stopped after it. */
async function listen(...args: Parameters<typeof startSocketServer>) {
  const server = await startSocketServer(...args);
  releases.push(() => server.stop());
  return server;
}

const isRefused = (verdict: string, code: number) => ({ kind: "refused", verdict, code });

describe("what the API answers", () => {
  it("is an accepted message with WhatsApp's id, and the API has it as it was sent", async () => {
    const { api, client } = await start({ senders: [sender] });
    const answer = await client.send(sender, textBody("id-1"));
    const [entry] = api.ledger.entries;
    expect(answer).toEqual({ kind: "accepted", wamid: entry?.wamid });
    expect(entry).toMatchObject({ sender, to: recipient, type: "text", bizId: "id-1" });
  });

  it.each([
    [131000, "retry"],
    [130429, "slow-down"],
    [131048, "pause-sender"],
    [131056, "pair-limit"],
    [0, "stop-sender"],
    [368, "give-up"],
    [131999, "give-up"],
  ])("is judged by its code %i: %s", async (code, verdict) => {
    const { api, client } = await start();
    api.faults.queue([{ kind: "error", code }]);
    expect(await client.send(sender, textBody("id-1"))).toMatchObject(isRefused(verdict, code));
    expect(api.ledger.entries).toEqual([]);
  });

  it("is retried on a 5xx whose code is not listed", async () => {
    const { api, client } = await start();
    api.faults.queue([{ kind: "error", code: 131999, httpStatus: 500 }]);
    expect(await client.send(sender, textBody("id-1"))).toMatchObject(isRefused("retry", 131999));
  });

  it("may be a page without a code: refused by the HTTP status", async () => {
    const { api, client } = await start();
    api.faults.queue([
      { kind: "http", status: 500 },
      { kind: "http", status: 503 },
      { kind: "http", status: 429 },
    ]);
    expect(await client.send(sender, textBody("id-1"))).toMatchObject(isRefused("retry", 0));
    expect(await client.send(sender, textBody("id-1"))).toMatchObject(isRefused("retry", 0));
    expect(await client.send(sender, textBody("id-1"))).toMatchObject(isRefused("slow-down", 0));
  });

  it("may be a page of what stands before the API and lets nobody through: the API never had it", async () => {
    const { api, client } = await start();
    const statuses = [403, 404, 407, 451];
    api.faults.queue(statuses.map((status) => ({ kind: "http", status })));
    for (const _ of statuses) expect((await client.send(sender, textBody("id-1"))).kind).toBe("unsent");
    // This one is about the message.
    api.faults.queue([{ kind: "http", status: 413 }]);
    expect(await client.send(sender, textBody("id-1"))).toMatchObject(isRefused("give-up", 0));
  });

  it("is no word on a token that was changed meanwhile", async () => {
    const { api } = await start();
    const token = { value: "the old one" };
    const client = createClient(api.url, 5000, token as never);
    releases.push(() => client.close());
    const answer = client.send(sender, textBody("id-1"));
    token.value = api.token;
    expect(await answer).toMatchObject(isRefused("slow-down", 190));
    expect((await client.send(sender, textBody("id-1"))).kind).toBe("accepted");
  });

  it("is unknown if a gateway has waited for it in vain", async () => {
    const { api, client } = await start();
    api.faults.queue([
      { kind: "http", status: 502 },
      { kind: "http", status: 504 },
    ]);
    expect((await client.send(sender, textBody("id-1"))).kind).toBe("unknown");
    expect((await client.send(sender, textBody("id-1"))).kind).toBe("unknown");
  });

  it.each([
    ["no JSON", "200", "fine"],
    ["no message id", "200", '{"messages":[]}'],
    ["nothing", "204", ""],
    ["more than an answer can be", "200", `{"messages":[{"id":"wamid.1","more":"${"x".repeat(300_000)}"}]}`],
  ])("is unknown if it is a success with %s", async (_what, status, body) => {
    const server = createServer((request, response) => {
      request.resume().on("end", () => response.writeHead(Number(status)).end(body));
    }).listen(0, "127.0.0.1");
    releases.push(() => server.close());
    await expect.poll(() => server.address()).not.toBeNull();
    const client = connect(`http://127.0.0.1:${(server.address() as { port: number }).port}`);
    expect((await client.send(sender, textBody("id-1"))).kind).toBe("unknown");
  });

  it("shows no token and no phone number, even if the API's text does", async () => {
    const token = "EAAJtest0123456789";
    const api = await startWhatsApp({ token: "another" });
    releases.push(() => api.stop());
    const client = createClient(api.url, 5000, fixedToken(token));
    releases.push(() => client.close());
    api.token = token;
    const details = `Malformed access token ${token}, or EAAJother0123456789; ${recipient}, +1 (555) 123-4567`;
    api.faults.queue([{ kind: "error", code: 190, details }]);
    const answer = await client.send(sender, textBody("id-1"));
    expect(answer).toMatchObject({
      ...isRefused("stop-sender", 190),
      message: "(#190) Access token has expired: Malformed access token ***, or ***; ***4567, ***4567",
    });
  });
});

describe("a request that cannot have left", () => {
  it("is unsent if the connection is refused", async () => {
    const { api, client } = await start();
    await api.stop();
    releases.length = 0;
    releases.push(() => client.close());
    expect(await client.send(sender, textBody("id-1"))).toMatchObject({
      kind: "unsent",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  it("is unsent if there is no such host", async () => {
    const client = connect("http://no-such-host.invalid");
    expect((await client.send(sender, textBody("id-1"))).kind).toBe("unsent");
  });

  it("is unsent if the connection does not come to stand before the deadline", async () => {
    // The handshake of TLS is never answered.
    const server = await listen(() => {});
    const client = connect(`https://127.0.0.1:${server.port}`, 200);
    const answer = await client.send(sender, textBody("id-1"));
    expect(answer).toEqual({ kind: "unsent", message: "no connection to the Cloud API: no connection in 200 ms" });
    expect(server.sockets).toHaveLength(1);
    // To close it waits for what is under way: undici's own time-out for the connection comes late.
    for (const socket of server.sockets) socket.destroy();
  });

  it("is unsent if the connection breaks in TLS' handshake", async () => {
    const server = await listen((socket) => socket.once("data", () => socket.resetAndDestroy()));
    const client = connect(`https://127.0.0.1:${server.port}`);
    expect((await client.send(sender, textBody("id-1"))).kind).toBe("unsent");
  });

  it("is not written after its deadline, when the connection stands at last", async () => {
    const { api } = await start();
    const plain = buildConnector({});
    const standing: (() => void)[] = [];
    const pool = new Pool(api.url, {
      connect: (options, callback) => standing.push(() => plain(options, callback)),
    });
    releases.push(() => pool.destroy());
    const request = { method: "POST", path: `/v26.0/${sender}/messages`, body: textBody("late") } as const;
    const headers = { authorization: "Bearer test-token" };
    expect(await exchange(pool, { ...request, headers }, 50)).toMatchObject({ kind: "broken", written: false });
    const second = exchange(pool, { ...request, headers, body: textBody("in time") }, 5000);
    for (const stand of standing) stand();
    expect(await second).toMatchObject({ kind: "answer", status: 200 });
    await pool.close();
    expect(api.ledger.entries.map(({ bizId }) => bizId)).toEqual(["in time"]);
  });

  it("is unsent if the client is closed, which first lets the others finish", async () => {
    const { api, client } = await start({ latency: 100 });
    const first = client.send(sender, textBody("id-1"));
    await expect.poll(() => api.ledger.entries).toHaveLength(1);
    await client.close();
    expect((await first).kind).toBe("accepted");
    expect((await client.send(sender, textBody("id-2"))).kind).toBe("unsent");
    releases.pop();
  });
});

describe("a request that may have been read", () => {
  it.each([
    [{ kind: "reset-unread" }, 0],
    [{ kind: "reset-taken" }, 1],
    [{ kind: "half-answer" }, 1],
    [{ kind: "no-answer" }, 1],
    [{ kind: "swallow" }, 0],
    [{ kind: "slow-body", ms: 60_000 }, 1],
  ] as const)("is unknown after %j, whether it was taken or not (%i)", async (fault, taken) => {
    const { api, client } = await start({}, 500);
    await client.send(sender, textBody("before"));
    api.faults.queue([fault]);
    expect((await client.send(sender, textBody("id-1"))).kind).toBe("unknown");
    expect(api.ledger.of("id-1")).toHaveLength(taken);
    // Neither the connection nor the request is used again.
    expect((await client.send(sender, textBody("after"))).kind).toBe("accepted");
    expect(api.ledger.entries.length).toBe(2 + taken);
  });

  it("waits for a slow answer that comes in time", async () => {
    const { api, client } = await start();
    api.faults.queue([{ kind: "slow-body", ms: 200 }]);
    expect((await client.send(sender, textBody("id-1"))).kind).toBe("accepted");
  });

  it("lets go of the connection at the deadline", async () => {
    const server = await listen((socket) => socket.resume());
    const client = connect(server.url, 200);
    const answer = await client.send(sender, textBody("id-1"));
    expect(answer).toEqual({ kind: "unknown", message: "no answer of the Cloud API: no answer in 200 ms" });
    await expect.poll(() => server.sockets[0]?.destroyed).toBe(true);
  });

  it("is not written a second time when its connection closes without an answer", async () => {
    let requests = 0;
    const server = await listen((socket) =>
      socket.on("data", (data) => {
        if (data.includes("POST ")) requests += 1;
        if (requests === 1) socket.write(accepted);
        else socket.destroy();
      }),
    );
    const client = connect(server.url);
    expect((await client.send(sender, textBody("id-1"))).kind).toBe("accepted");
    expect((await client.send(sender, textBody("id-2"))).kind).toBe("unknown");
    expect(requests).toBe(2);
  });
});

const body = '{"messages":[{"id":"wamid.1"}]}';
const accepted = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

describe("connections", () => {
  it("are used again", async () => {
    const server = await listen((socket) => socket.on("data", () => socket.write(accepted)));
    const client = connect(server.url);
    for (let index = 0; index < 20; index += 1) {
      expect((await client.send(sender, textBody(`id-${index}`))).kind).toBe("accepted");
    }
    // A request that follows at once does not wait until the connection is tidied up.
    expect(server.sockets.length).toBeLessThanOrEqual(2);
  });

  it("that the server closed while they were idle cost no message", async () => {
    const server = await listen((socket) => socket.on("data", () => socket.end(accepted)));
    const client = connect(server.url);
    for (let index = 0; index < 5; index += 1) {
      expect((await client.send(sender, textBody(`id-${index}`))).kind).toBe("accepted");
      await expect.poll(() => server.sockets[index]?.destroyed).toBe(true);
    }
    expect(server.sockets).toHaveLength(5);
  });

  it("are as many as there are requests at a time", async () => {
    const { api, client } = await start({ latency: 50 });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => client.send(sender, textBody(`id-${index}`))),
    );
    expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(["accepted"]));
    expect(new Set(api.ledger.entries.map(({ bizId }) => bizId)).size).toBe(50);
  });

  it("go to an address with a path, too", async () => {
    const seen: string[] = [];
    const server = await listen((socket) =>
      socket.on("data", (data) => {
        seen.push(String(data).split("\r\n")[0] as string);
        socket.write(accepted);
      }),
    );
    await connect(`${server.url}/proxy/`).send(sender, textBody("id-1"));
    expect(seen).toEqual([`POST /proxy/v26.0/${sender}/messages HTTP/1.1`]);
  });
});

it("ends as the ledger says through a storm of faults: no accepted message is missing, no refused one is there", async () => {
  const rate = (kind: "reset-unread" | "reset-taken" | "half-answer" | "no-answer") => ({
    fault: { kind },
    share: 0.05,
  });
  const { api, client } = await start({ seed: 7, latency: { median: 2, p99: 20 } }, 300);
  api.faults.setRates([
    ...(["reset-unread", "reset-taken", "half-answer", "no-answer"] as const).map(rate),
    { fault: { kind: "error", code: 131000 }, share: 0.1 },
    { fault: { kind: "http", status: 503 }, share: 0.1 },
  ]);
  const kinds = new Map<string, string>();
  await Promise.all(Array.from({ length: 10 }, (_, lane) => sendMany(lane)));
  // On a busy machine some may find no connection in time, too.
  expect([...new Set(kinds.values())]).toEqual(expect.arrayContaining(["accepted", "refused", "unknown"]));
  for (const [id, kind] of kinds) {
    const taken = api.ledger.of(id).length;
    if (kind === "accepted") expect(taken, id).toBe(1);
    if (kind === "refused" || kind === "unsent") expect(taken, id).toBe(0);
    if (kind === "unknown") expect(taken, id).toBeLessThan(2);
  }

  async function sendMany(lane: number): Promise<void> {
    for (let index = 0; index < 30; index += 1) {
      const id = `${lane}-${index}`;
      kinds.set(id, (await client.send(sender, textBody(id))).kind);
    }
  }
});
