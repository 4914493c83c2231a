import { describe, expect, it } from "vitest";
import { redactText, redactValue } from "../../../src/telemetry/log/redaction.js";

describe("a phone number in the log", () => {
  it.each([
    ["the recipient 34600123456 is not on WhatsApp", "the recipient *******3456 is not on WhatsApp"],
    ["to:34600123456,from:15550001111", "to:*******3456,from:*******1111"],
    ['{"to":"34600123456"}', '{"to":"*******3456"}'],
    ["call +34 600 123 456 now", "call +** *** **3 456 now"],
    ["+1 (555) 000-1111", "+* (***) ***-1111"],
    ["wa.me?phone=+34600123456", "wa.me?phone=+*******3456"],
    ["see https://wa.me/34600123456?text=hi", "see https://wa.me/*******3456?text=hi"],
    ["https://api.whatsapp.com/send?phone=34600123456", "https://api.whatsapp.com/send?phone=*******3456"],
    ["12345678", "****5678"],
    ["(11) 99999-8888 is wrong", "(**) *****-8888 is wrong"],
    ["recipient id 34600123456 is unknown", "recipient id *******3456 is unknown"],
  ])("keeps its last four digits: %s", (text, redacted) => {
    expect(redactText(text)).toBe(redacted);
  });

  it("is hidden in every field, however deep, and in lists", () => {
    const line = { details: "to 34600123456", body: { contacts: [{ wa_id: "34600123456" }, "34600123456"] } };
    expect(JSON.stringify(redactValue(line))).not.toContain("34600123456");
    expect(line.body.contacts[1]).toBe("34600123456");
    const numbers = { to: 34600123456, wa_id: 34600123456n, counts: { 34600123456: 1 } };
    expect(redactValue(numbers)).toEqual({ to: "*******3456", wa_id: "*******3456", counts: { "*******3456": 1 } });
  });
});

describe("what is no phone number", () => {
  it.each([
    "019ac1b2-d5be-7da9-8af1-b17530000000",
    "12345678-1234-7123-8123-123456789012",
    "at 1764100000000, or in seconds 1764100000",
    'the queue "a" has no job "123456789"',
    "posta-whatsapp-106540352242922 stands still",
    'POSTA_WHATSAPP_SENDERS: "106540352242922" is held up',
    "the message has 104857600 bytes",
    "took 0.12345678 s",
    "ipv4:127.0.0.1:54321",
    "redis://10.0.0.1:6379/0",
    "priority 2097152",
    "/var/lib/12345678/data",
  ])("stays: %s", (text) => {
    expect(redactText(text)).toBe(text);
  });

  it("is a number of the log itself, or an id in its field", () => {
    const line = {
      requestId: "123456789012",
      jobId: "12345678",
      sender: "106540352242922",
      pid: 12345678,
      elapsed: 123456789,
    };
    expect(redactValue(line)).toEqual(line);
    const at = new Date("2026-01-01T00:00:00Z");
    expect(redactValue({ at })).toEqual({ at: at.toJSON() });
  });
});

describe("a secret in the log", () => {
  it.each([
    ["authorization: Bearer abc.def-123", "authorization: Bearer [redacted]"],
    ["header: bearer abc.def-123", "header: bearer [redacted]"],
    ["redis://user:hunter2@host:6379", "redis://user:[redacted]@host:6379"],
    ["postgresql://:hunter2@host/db", "postgresql://:[redacted]@host/db"],
    ["GET /?access_token=EAAG123&x=1", "GET /?access_token=[redacted]&x=1"],
    ['{"password":"hunter2"}', '{"password":"[redacted]"}'],
    ["POSTA_WHATSAPP_TOKEN=EAAG1", "POSTA_WHATSAPP_TOKEN=[redacted]"],
    ["client_secret=s3cr3t&x=1", "client_secret=[redacted]&x=1"],
    ['{"accessToken":"EAAG1"}', '{"accessToken":"[redacted]"}'],
    ["me?appsecret_proof=deadbeef", "me?appsecret_proof=[redacted]"],
    ["x-api-key: abc123", "x-api-key: [redacted]"],
    ["Malformed access token EAAGm0PX4ZCpsBAKlongtoken", "Malformed access token [redacted]"],
    ["Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [redacted]"],
    ["redis://:p@ss/word@host:6379/0", "redis://:[redacted]@host:6379/0"],
    ["redis://:pa,ss1@host:6379,next", "redis://:[redacted]@host:6379,next"],
  ])("is hidden in a text: %s", (text, redacted) => {
    expect(redactText(text)).toBe(redacted);
  });

  it.each([
    "POSTA_WHATSAPP_TOKEN: is not set, so that nothing is sent",
    "page_token: is not a next_page_token of this list",
    "http://127.0.0.1:8080/x?mail=a@b.c",
    "redis://10.0.0.1:6379;redis://u@h",
    "Basic authentication failed",
  ])("is not: %s", (text) => {
    expect(redactText(text)).toBe(text);
  });

  it("is looked for in a time that grows no faster than the text", () => {
    const begun = performance.now();
    redactText("redis://a:".repeat(20_000));
    redactText("token: ".repeat(20_000));
    expect(performance.now() - begun).toBeLessThan(5000); // A time that grows with the square would be minutes.
  });

  it("is hidden by the name of its field, whatever it is", () => {
    const secrets = {
      authorization: "Basic x",
      whatsappToken: { a: 1 },
      appSecret: "s",
      "x-api-key": ["k"],
      accessTokens: ["t"],
      appsecret_proof: "p",
      cookie: "c",
    };
    expect(new Set(Object.values(redactValue(secrets) as object))).toEqual(new Set(["[redacted]"]));
  });
});

it("shows of a command that failed its name, and nothing that it was given", () => {
  const err = { message: "WRONGPASS", command: { name: "auth", args: ["hunter2"] } };
  expect(redactValue({ err })).toEqual({ err: { message: "WRONGPASS", command: "auth" } });
});

describe("a value that has no end", () => {
  it("is cut", () => {
    const loop: Record<string, unknown> = { name: "loop" };
    loop.self = loop;
    expect(JSON.stringify(redactValue(loop))).toContain("[too deep]");
    expect(redactValue(Array.from({ length: 1000 }, () => 1))).toHaveLength(100);
    expect(redactValue(Buffer.alloc(1000))).toBe("[1000 bytes]");
  });
});
