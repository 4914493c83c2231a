import { describe, expect, it } from "vitest";
import { PostaError } from "../../../src/errors/posta-error.js";
import { bodyOf, type MessageRequest, parseMessage } from "../../../src/message/content/message.js";

const now = Date.UTC(2026, 0, 15, 12);
const dayMs = 24 * 3_600_000;
const senders = ["106540352242922", "206540352242922"];

const request: MessageRequest = {
  to: "+34600111222",
  from: "",
  idempotencyKey: "",
  content: { kind: "text", text: { body: "hello", previewUrl: false } },
  priority: 5,
  sendTimeMs: undefined,
  expireTimeMs: undefined,
  resend: false,
  replyTo: "",
};

const parse = (message: Partial<MessageRequest>) => parseMessage({ ...request, ...message }, senders, now);

function errorOf(message: Partial<MessageRequest>): PostaError {
  try {
    parse(message);
  } catch (error) {
    expect(error).toBeInstanceOf(PostaError);
    return error as PostaError;
  }
  throw new Error("the message was taken");
}

/** The message must be refused for `field`, in an error with all of `parts`. */
function expectBad(message: Partial<MessageRequest>, field: string, parts: string[]): void {
  const error = errorOf(message);
  expect(error).toMatchObject({ code: "invalid", field });
  expect(error.message.startsWith(`${field}: `)).toBe(true);
  for (const part of parts) expect(error.message).toContain(part);
}

describe("whom a message goes to", () => {
  it.each(["+34600111222", "34600111222", "12345678", "123456789012345"])("may be %s", (to) => {
    expect(parse({ to }).recipient).toBe(to.replace("+", ""));
  });

  it.each([
    "+0034600111222",
    "1234567",
    "1234567890123456",
    "+34 600 111 222",
    "++34600111222",
    "ada",
    "34600111222\n",
    "٣٤٦٠٠١١١٢٢٢",
  ])("may not be %j", (to) => expectBad({ to }, "to", ["E.164", "8 to 15 digits"]));

  it("is required", () => expectBad({ to: "" }, "to", ["is required"]));

  it("stays out of errors but for its last four digits", () => {
    expect(errorOf({ to: "+0034600111222" }).message).toContain('"***1222"');
    expect(errorOf({ to: "34-600-11-12-22 a" }).message).toContain('"***1222 a"');
    expect(errorOf({ to: "1".repeat(5000) }).message.length).toBeLessThan(200);
  });
});

describe("a message's other fields", () => {
  it("have a default sender, and may name another", () => {
    expect(parse({}).sender).toBe(senders[0]);
    expect(parse({ from: senders[1] as string }).sender).toBe(senders[1]);
    expectBad({ from: "5" }, "from", ['"5" is not one of POSTA_WHATSAPP_SENDERS']);
  });

  it.each<[string, Partial<MessageRequest>, string, string[]]>([
    ["a long key", { idempotencyKey: "k".repeat(129) }, "idempotency_key", ["129 bytes", "over 128"]],
    ["a key that is long in bytes", { idempotencyKey: "é".repeat(65) }, "idempotency_key", ["130 bytes", "over 128"]],
    ["a control character in the key", { idempotencyKey: "a\tb" }, "idempotency_key", ["control character"]],
    ["a long reply_to", { replyTo: "w".repeat(257) }, "reply_to", ["257 bytes", "over 256"]],
    ["no content", { content: undefined }, "content", ["is required", "text, template, media or interactive"]],
    ["a far send_time", { sendTimeMs: now + 91 * dayMs }, "send_time", ["7862400 s ahead", "over 7776000 s"]],
    [
      "a past expire_time",
      { expireTimeMs: now - 5000 },
      "expire_time",
      ["2026-01-15T11:59:55.000Z is not in the future"],
    ],
    ["an expire_time of now", { expireTimeMs: now }, "expire_time", ["not in the future"]],
    [
      "an expiry before the send",
      { sendTimeMs: now + 9, expireTimeMs: now + 9 },
      "expire_time",
      ["not after send_time"],
    ],
    ["an expiry out of the world", { expireTimeMs: 9e15 }, "expire_time", ["year 9999"]],
  ])("%s is refused", (_, message, field, parts) => expectBad(message, field, parts));

  it("may have expired, where a key says that it may be a repetition", () => {
    const late = { idempotencyKey: "k", sendTimeMs: now - 9000, expireTimeMs: now - 5000 };
    expect(parse(late)).toMatchObject({ sendAtMs: undefined, expiresAtMs: now - 5000 });
    expectBad({ ...late, expireTimeMs: now - 9000 }, "expire_time", ["not after send_time"]);
  });

  it("may be at their limits", () => {
    const sendTimeMs = now + 90 * dayMs;
    const edge = {
      idempotencyKey: "k".repeat(128),
      replyTo: "w".repeat(256),
      sendTimeMs,
      expireTimeMs: sendTimeMs + 1,
    };
    expect(parse(edge)).toMatchObject({ key: "k".repeat(128), sendAtMs: sendTimeMs, expiresAtMs: sendTimeMs + 1 });
    expect(parse({ sendTimeMs: now - 1 }).sendAtMs).toBeUndefined();
  });

  it("together are bounded in bytes", () => {
    const parameters = Array.from({ length: 50 }, () => ({
      name: "",
      value: { kind: "text", text: "é".repeat(1000) } as const,
    }));
    const body = { type: "body", buttonType: undefined, buttonIndex: 0, parameters } as const;
    const error = errorOf({
      content: { kind: "template", template: { name: "n", language: "en", components: [body] } },
    });
    expect(error).toMatchObject({ code: "exhausted", field: "content" });
    expect(error.message).toMatch(/^content: the request to the Cloud API would have 1\d{5} bytes, over 65536$/);
  });
});

describe("the request to the Cloud API", () => {
  it("ends with the message's id, for its webhooks", () => {
    const body = JSON.parse(bodyOf(parse({ replyTo: "wamid.1" }), "some-id"));
    expect(body).toEqual({
      messaging_product: "whatsapp",
      recipient_type: "individual",
      to: "34600111222",
      context: { message_id: "wamid.1" },
      type: "text",
      text: { body: "hello", preview_url: false },
      biz_opaque_callback_data: "some-id",
    });
  });
});
