import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { useReleases } from "../support/releases.js";
import { Faults } from "../support/whatsapp/faults.js";
import { drawLatency } from "../support/whatsapp/latency.js";
import { PairLimit, SlidingSecond } from "../support/whatsapp/limits.js";
import { createRandom } from "../support/whatsapp/random.js";
import { startWhatsApp, type WhatsAppOptions } from "../support/whatsapp-server.js";
import { recipient, sender, textBody } from "./setup.js";

const releases = useReleases();

async function start(options: WhatsAppOptions = {}) {
  const server = await startWhatsApp(options);
  releases.push(() => server.stop());
  return server;
}

interface Answer {
  error?: { code: number; message: string; type: string; error_data: { details: string }; fbtrace_id: string };
  messages?: { id: string }[];
}

async function post(url: string, body: string, token = "test-token", path = `/v26.0/${sender}/messages`) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const answer = await fetch(url + path, { method: "POST", headers, body });
  return { status: answer.status, body: (await answer.json()) as Answer };
}

const message = (type: string, content: object, more: object = {}) =>
  JSON.stringify({ messaging_product: "whatsapp", to: recipient, type, [type]: content, ...more });

describe("what the stand-in takes", () => {
  const button = (id: string, title = id) => ({ type: "reply", reply: { id, title } });
  const rows = [{ id: "1", title: "One", description: "the first" }];
  it.each([
    ["text", { body: "x".repeat(4096), preview_url: true }],
    ["image", { id: "123", caption: "look" }],
    ["document", { link: "https://example.com/a.pdf", filename: "a.pdf" }],
    ["audio", { link: "https://example.com/a.mp3" }],
    ["template", { name: "hello_world", language: { code: "en_US" } }],
    [
      "template",
      {
        name: "order_1",
        language: { code: "en" },
        components: [
          { type: "header", parameters: [{ type: "image", image: { link: "https://example.com/a.png" } }] },
          {
            type: "body",
            parameters: [
              { type: "text", text: "Ada", parameter_name: "first_name" },
              { type: "currency", currency: { fallback_value: "$1", code: "USD", amount_1000: 1000 } },
              { type: "date_time", date_time: { fallback_value: "today" } },
            ],
          },
          { type: "button", sub_type: "url", index: "0", parameters: [{ type: "text", text: "x" }] },
        ],
      },
    ],
    ["interactive", { type: "button", body: { text: "?" }, action: { buttons: [button("yes"), button("no")] } }],
    [
      "interactive",
      {
        type: "list",
        header: { type: "text", text: "Menu" },
        body: { text: "?" },
        footer: { text: "." },
        action: { button: "Open", sections: [{ title: "A", rows }] },
      },
    ],
    [
      "interactive",
      {
        type: "cta_url",
        body: { text: "?" },
        action: { name: "cta_url", parameters: { display_text: "Go", url: "https://example.com" } },
      },
    ],
  ])("are messages of the type %s: %j", async (type, content) => {
    const { url, ledger } = await start();
    const answer = await post(url, message(type, content, { context: { message_id: "wamid.1" } }));
    expect(answer).toMatchObject({
      status: 200,
      body: { contacts: [{ input: recipient, wa_id: recipient }], messages: [{ id: ledger.entries[0]?.wamid }] },
    });
    expect(ledger.entries[0]).toMatchObject({ sender, to: recipient, type, bizId: undefined });
  });

  const same = { type: "button", body: { text: "?" }, action: { buttons: [button("a", "A"), button("a", "B")] } };
  const ofTemplate = (type: string, ...parameters: object[]) => {
    const component = { type, ...(type === "button" ? { sub_type: "url", index: "0" } : {}), parameters };
    return message("template", { name: "a", language: { code: "en" }, components: [component] });
  };
  const param = (text: string) => ({ type: "text", text });
  const five = "a     b";
  const tap = (texts: object, reply = { id: "a", title: "A" }) =>
    message("interactive", {
      type: "button",
      body: { text: "?" },
      ...texts,
      action: { buttons: [{ type: "reply", reply }] },
    });
  const eleven = Array.from({ length: 11 }, (_, index) => ({ id: `${index}`, title: "t" }));
  it.each([
    ["no JSON", "{", 100],
    ["no messaging_product", JSON.stringify({ to: recipient, text: { body: "x" } }), 100],
    ["no recipient", JSON.stringify({ messaging_product: "whatsapp", text: { body: "x" } }), 131008],
    ["a recipient that is no number", message("text", { body: "x" }, { to: "ada" }), 131009],
    ["a type there is not", message("poem", { body: "x" }), 131051],
    ["no object of its type", JSON.stringify({ messaging_product: "whatsapp", to: recipient, type: "text" }), 131008],
    ["no text", message("text", {}), 131008],
    ["too long a text", message("text", { body: "x".repeat(4097) }), 131009],
    ["a text that is none", message("text", { body: 5 }), 100],
    ["a parameter there is not", message("text", { body: "x", colour: "red" }), 100],
    ["too long an id", message("text", { body: "x" }, { biz_opaque_callback_data: "x".repeat(513) }), 131009],
    ["no file", message("image", { caption: "x" }), 131008],
    ["a file that is two", message("image", { id: "1", link: "https://example.com" }), 131009],
    ["a link that is none", message("image", { link: "ftp://example.com" }), 131009],
    ["a caption to a sticker", message("sticker", { id: "1", caption: "x" }), 100],
    ["no language", message("template", { name: "a" }), 131008],
    ["a bad template name", message("template", { name: "A b", language: { code: "en" } }), 131009],
    ["five blanks in a parameter", ofTemplate("body", param("a"), param(five)), 132018],
    ["a tab in a parameter", ofTemplate("header", param("a\tb")), 132018],
    ["a line break in a button's parameter", ofTemplate("button", param("a\nb")), 132018],
    ["five blanks in a date", ofTemplate("body", { type: "date_time", date_time: { fallback_value: five } }), 132018],
    ["a blank parameter", ofTemplate("body", param(" ")), 131008],
    ["two parameters of a header", ofTemplate("header", param("a"), param("b")), 132000],
    ["two parameters of a button", ofTemplate("button", param("a"), param("b")), 132000],
    ["a long parameter of a header", ofTemplate("header", param("a".repeat(61))), 132005],
    ["a blank text", message("text", { body: " \n" }), 131008],
    ["a blank body", tap({ body: { text: " " } }), 131008],
    ["a blank header", tap({ header: { type: "text", text: " " } }), 131008],
    ["a blank footer", tap({ footer: { text: " " } }), 131008],
    ["a blank title", tap({}, { id: "a", title: " " }), 131008],
    ["a blank before an id", tap({}, { id: " a", title: "A" }), 131009],
    ["two buttons of one id", message("interactive", same), 131009],
    [
      "too many rows",
      message("interactive", {
        type: "list",
        body: { text: "?" },
        action: { button: "b", sections: [{ rows: eleven }] },
      }),
      131009,
    ],
  ])("is no message with %s", async (_what, body, code) => {
    const { url, ledger } = await start();
    expect(await post(url, body)).toMatchObject({ status: 400, body: { error: { code, type: "OAuthException" } } });
    expect(ledger.entries).toEqual([]);
  });

  it("is nothing without the token, the version or the number", async () => {
    const { url } = await start({ senders: [sender] });
    expect(await post(url, textBody("a"), "wrong")).toMatchObject({ status: 401, body: { error: { code: 190 } } });
    expect(await post(url, textBody("a"), "test-token", `/v1.0/${sender}/messages`)).toMatchObject({ status: 400 });
    const other = await post(url, textBody("a"), "test-token", "/v26.0/99999/messages");
    expect(other).toMatchObject({ status: 400, body: { error: { code: 100 } } });
  });

  it("is nothing to a recipient that is not on the list, or is the sender itself", async () => {
    const { url } = await start({ recipients: [recipient] });
    expect((await post(url, textBody("a"))).status).toBe(200);
    expect((await post(url, textBody("a", "15557654321"))).body.error?.code).toBe(131030);
    expect((await post(url, textBody("a", `1555${sender.slice(-7)}`))).body.error?.code).toBe(131021);
  });

  it("is only a template that it has, with as many parameters as that takes", async () => {
    const { url } = await start({ templates: [{ name: "order", language: "en", parameters: 1 }] });
    const template = (name: string, count: number, code = "en") =>
      message("template", {
        name,
        language: { code },
        components: [{ type: "body", parameters: Array(count).fill({ type: "text", text: "x" }) }],
      });
    expect((await post(url, template("order", 1))).status).toBe(200);
    expect((await post(url, template("order", 2))).body.error?.code).toBe(132000);
    expect(await post(url, template("order", 1, "de"))).toMatchObject({
      status: 404,
      body: { error: { code: 132001 } },
    });
  });
});

describe("the stand-in's limits", () => {
  it("are a rate for each number, over any second", async () => {
    const { url, ledger } = await start({ limits: { rate: 20 } });
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => post(url, textBody(`${index}`))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(ledger.entries.length);
    expect(ledger.busiestSecond(sender)).toBeLessThanOrEqual(20);
    expect(answers.find(({ status }) => status === 429)?.body.error).toMatchObject({
      code: 130429,
      message: "(#130429) Rate limit hit",
    });
    const other = await post(url, textBody("x"), "test-token", "/v26.0/99999/messages");
    expect(other.status).toBe(200);
  });

  it("slide: what is older than a second counts no more", () => {
    const second = new SlidingSecond(2);
    expect([0, 500, 999, 1000, 1001, 1500].map((now) => second.take("a", now))).toEqual(
      [true, true, false, true, false, true], //
    );
  });

  it("are a burst and an interval for each pair", () => {
    const pairs = new PairLimit(2, 6000);
    expect([0, 0, 0, 5999, 6000, 6001].map((now) => pairs.take("a", "b", now))).toEqual(
      [true, true, false, false, true, false], //
    );
    expect(pairs.take("a", "c", 0)).toBe(true);
  });

  it("say 131056 for a pair", async () => {
    const { url } = await start({ limits: { pairBurst: 1, pairIntervalMs: 60_000 } });
    expect((await post(url, textBody("a"))).status).toBe(200);
    expect((await post(url, textBody("b"))).body.error?.code).toBe(131056);
    expect((await post(url, textBody("b", "15557654321"))).status).toBe(200);
  });
});

describe("what is random in the stand-in", () => {
  it("is the same for the same seed", () => {
    const [first, second, other] = [createRandom(1), createRandom(1), createRandom(2)].map((random) =>
      Array.from({ length: 5 }, random),
    );
    expect(first).toEqual(second);
    expect(first).not.toEqual(other);
  });

  it("has the latency that was asked for", () => {
    const random = createRandom(1);
    const drawn = Array.from({ length: 20_000 }, () => drawLatency({ median: 50, p99: 200 }, random)).sort(
      (a, b) => a - b,
    );
    expect(Math.abs((drawn[10_000] as number) - 50)).toBeLessThan(2);
    expect(Math.abs((drawn[19_800] as number) - 200)).toBeLessThan(20);
  });

  it("has the faults' shares, after those that were queued for the number", () => {
    const faults = new Faults(createRandom(1));
    faults.setRates([
      { fault: { kind: "no-answer" }, share: 0.1 },
      { fault: { kind: "http", status: 503 }, share: 0.2 },
    ]);
    faults.queue([{ kind: "swallow" }], "a");
    expect(faults.take("b")?.kind).not.toBe("swallow");
    expect(faults.take("a")?.kind).toBe("swallow");
    const kinds = Array.from({ length: 10_000 }, () => faults.take("a")?.kind);
    const share = (kind: string | undefined) => kinds.filter((one) => one === kind).length / kinds.length;
    expect(share("no-answer")).toBeCloseTo(0.1, 1);
    expect(share("http")).toBeCloseTo(0.2, 1);
    expect(share(undefined)).toBeCloseTo(0.7, 1);
    faults.clear();
    expect(faults.take("a")).toBeUndefined();
  });
});

it("can be steered and read from another process", async () => {
  const { url, ledger } = await start();
  const ask = async (path: string, body: object) =>
    (await fetch(url + path, { method: "POST", body: JSON.stringify(body) })).json();
  await ask("/faults", { queue: [{ kind: "error", code: 131016 }] });
  expect((await post(url, textBody("a"))).body.error?.code).toBe(131016);
  await ask("/faults", { rates: [{ fault: { kind: "error", code: 2 }, share: 1 }] });
  expect(await post(url, textBody("a"))).toMatchObject({ status: 503, body: { error: { code: 2 } } });
  await ask("/faults", { clear: true });
  await post(url, textBody("b"));
  await post(url, textBody("c"));
  expect(await (await fetch(`${url}/ledger`)).json()).toEqual(JSON.parse(JSON.stringify(ledger.entries)));
  expect(await (await fetch(`${url}/ledger?from=1`)).json()).toMatchObject([{ bizId: "c" }]);
  expect(ledger.entries.map(({ at }) => Math.abs(at - Date.now()) < 10_000)).toEqual([true, true]);
});

it("refuses what it does not understand, and says why", async () => {
  const { url } = await start();
  const steer = async (body: string) => {
    const answer = await fetch(`${url}/faults`, { method: "POST", body });
    return [answer.status, ((await answer.json()) as { error: { message: string } }).error.message];
  };
  expect(await steer('{"queue":[{"kind":"nope"}]}')).toEqual([400, expect.stringContaining("queue[0].kind")]);
  expect(await steer('{"rates":[{"fault":{"kind":"swallow"},"share":2}]}')).toEqual([
    400,
    expect.stringContaining("rates[0].share"),
  ]);
  expect(await steer("xx")).toEqual([400, expect.stringContaining("JSON")]);
  expect((await fetch(`${url}/ledger?from=x`)).status).toBe(400);
});

interface Value {
  messaging_product: string;
  metadata: { display_phone_number: string; phone_number_id: string };
  statuses?: {
    id: string;
    status: string;
    biz_opaque_callback_data?: string;
    recipient_id: string;
    errors?: object[];
  }[];
  messages?: { id: string; from: string; text: { body: string } }[];
}

/** Where webhooks come in; `answer` gives the HTTP status of each. */
async function startReceiver(answer: (count: number) => number | Promise<number> = () => 200) {
  const received: { body: string; signature: string | undefined; value: Value }[] = [];
  const server = createServer(async (request, response) => {
    if (request.method === "GET") {
      const query = new URL(request.url as string, "http://receiver").searchParams;
      const isRight = query.get("hub.mode") === "subscribe" && query.get("hub.verify_token") === "right";
      return void response.writeHead(isRight ? 200 : 403).end(query.get("hub.challenge"));
    }
    let body = "";
    for await (const chunk of request) body += chunk;
    const signature = request.headers["x-hub-signature-256"] as string | undefined;
    received.push({ body, signature, value: JSON.parse(body).entry[0].changes[0].value });
    response.writeHead(await answer(received.length)).end();
  }).listen(0, "127.0.0.1");
  await expect.poll(() => server.address()).not.toBeNull();
  releases.push(() => server.close());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/whatsapp`,
    received,
    statuses: () => received.flatMap(({ value }) => value.statuses ?? []),
  };
}

describe("the stand-in's webhooks", () => {
  it("tell each step in order, signed, with the caller's id", async () => {
    const receiver = await startReceiver();
    // So far apart that two that are on their way at once cannot change places.
    const statuses = { sentMs: 0, deliveredMs: 150, readMs: 300 };
    const { url, ledger } = await start({ webhook: { url: receiver.url, secret: "secret" }, statuses });
    await post(url, textBody("my-id"));
    await expect.poll(() => receiver.received).toHaveLength(3);
    expect(receiver.statuses().map(({ status }) => status)).toEqual(["sent", "delivered", "read"]);
    for (const { body, signature, value } of receiver.received) {
      expect(signature).toBe(`sha256=${createHmac("sha256", "secret").update(body).digest("hex")}`);
      expect(value.metadata).toEqual({ display_phone_number: "15552242922", phone_number_id: sender });
      expect(value.statuses).toMatchObject([
        { id: ledger.entries[0]?.wamid, recipient_id: recipient, biz_opaque_callback_data: "my-id" },
      ]);
    }
  });

  it("are sent again until they are taken", async () => {
    const receiver = await startReceiver((count) => (count < 4 ? 503 : 200));
    const server = await start({
      webhook: { url: receiver.url, secret: "secret", retryMs: 5 },
      statuses: { until: "sent" },
    });
    await post(server.url, textBody("a"));
    await expect.poll(() => receiver.received.length).toBe(4);
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
    await expect.poll(() => server.webhooks.pending).toBe(0);
    expect(receiver.received).toHaveLength(4);
  });

  it("can fail, come twice, leave steps out, and come in any order", async () => {
    const receiver = await startReceiver();
    const webhook = { url: receiver.url, secret: "secret" };
    const run = async (statuses: WhatsAppOptions["statuses"]) => {
      const server = await start({ webhook, statuses: { sentMs: 2, deliveredMs: 4, readMs: 8, ...statuses } });
      receiver.received.length = 0;
      for (let index = 0; index < 20; index += 1) await post(server.url, textBody(`${index}`));
      await expect.poll(() => server.webhooks.pending).toBe(0);
      const all = receiver.statuses();
      return Array.from({ length: 20 }, (_, index) =>
        all.filter((one) => one.biz_opaque_callback_data === `${index}`).map(({ status }) => status),
      );
    };
    const kindsOf = (told: string[][]) => new Set(told.map((steps) => steps.sort().join()));
    expect(kindsOf(await run({ failShare: 1, failCode: 131047 }))).toEqual(new Set(["failed,sent"]));
    expect(receiver.statuses().filter(({ errors }) => errors)).toHaveLength(20);
    expect(kindsOf(await run({ skipShare: 1 }))).toEqual(new Set(["read,sent"]));
    expect(kindsOf(await run({ duplicateShare: 1 }))).toEqual(new Set(["delivered,delivered,read,read,sent,sent"]));
    const shuffled = await run({ shuffleShare: 1 });
    expect(shuffled.map((steps) => steps.length)).toEqual(Array(20).fill(3));
    expect(shuffled.map(String)).toContainEqual(expect.stringMatching(/^(delivered|read)/));
  });

  it("may tell several changes at once", async () => {
    let answerAll: (status: number) => void = () => {};
    const answered = new Promise<number>((resolve) => {
      answerAll = resolve;
    });
    const receiver = await startReceiver(() => answered);
    const server = await start({
      webhook: { url: receiver.url, secret: "secret", batch: 50 },
      statuses: { sentMs: 0, until: "sent" },
    });
    await Promise.all(Array.from({ length: 100 }, (_, index) => post(server.url, textBody(`${index}`))));
    // As many as are sent at a time: the others gather.
    await expect.poll(() => receiver.received.length).toBe(16);
    answerAll(200);
    await expect.poll(() => receiver.statuses().length).toBe(100);
    expect(receiver.received.length).toBeLessThan(100);
  });

  it("bring messages that come in", async () => {
    const receiver = await startReceiver();
    const server = await start({ webhook: { url: receiver.url, secret: "secret" } });
    const id = server.webhooks.receive(sender, recipient, "hi");
    await fetch(`${server.url}/inbound`, {
      method: "POST",
      body: JSON.stringify({ sender, from: recipient, text: "again" }),
    });
    await expect.poll(() => receiver.received).toHaveLength(2);
    expect(receiver.received[0]?.value).toMatchObject({
      contacts: [{ wa_id: recipient }],
      messages: [{ id, from: recipient, type: "text", text: { body: "hi" } }],
    });
  });

  it("are confirmed by a challenge", async () => {
    const receiver = await startReceiver();
    const { webhooks } = await start({ webhook: { url: receiver.url, secret: "secret" } });
    expect(await webhooks.confirm("right")).toBe(true);
    expect(await webhooks.confirm("wrong")).toBe(false);
  });
});
