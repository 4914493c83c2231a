import { describe, expect, it } from "vitest";
import { PostaError } from "../../src/errors.js";
import { parseWebhook } from "../../src/message/webhook-body.js";
import { sender, statusOf, textFrom, undeliverable, webhookOf } from "./webhook-bodies.js";

const id = "019e0000-0000-7000-8000-00000000abcd";
const wamid = "wamid.HBgLNDkxNTExMjM0NTY3OBUCABEYEkE5";
const told = { id, wamid, seconds: 1_795_000_000 };

describe("a webhook's body", () => {
  it("tells of statuses", () => {
    const { statuses } = parseWebhook(webhookOf({ statuses: [statusOf({ ...told, status: "delivered" })] }));
    const at = new Date(1_795_000_000_000);
    expect(statuses).toEqual([{ messageId: id, wamid, status: "delivered", at, error: undefined }]);
  });

  it.each([
    [[undeliverable], { code: 131026, text: "Message Undeliverable." }],
    [[{ code: 131047, title: "Re-engagement message" }], { code: 131047, text: "Re-engagement message" }],
    [[{ code: "131026", title: "As text" }], { code: 131026, text: "As text" }],
    [[{ code: 131026, title: null, message: "m", error_data: null }], { code: 131026, text: "m" }],
    [[{ code: 3_000_000_000, title: "Too large" }], { code: undefined, text: "Too large" }],
    [undefined, { code: undefined, text: "WhatsApp gave no reason" }],
  ])("tells why one failed: %j", (errors, error) => {
    const status = statusOf({ ...told, status: "failed", ...(errors ? { errors } : {}) });
    expect(parseWebhook(webhookOf({ statuses: [status] })).statuses[0]).toMatchObject({ status: "failed", error });
  });

  it("tells of messages that came in, from numbers or from users without one", () => {
    const text = textFrom("4915112345678", "wamid.1", 1_795_000_000);
    const hidden = {
      from_user_id: "DE.1349",
      id: "wamid.2",
      timestamp: 1_795_000_001,
      type: "image",
      image: { id: "9" },
    };
    const { inbound, skipped } = parseWebhook(webhookOf({ messages: [text, hidden] }));
    expect(skipped).toEqual({});
    expect(inbound.map(({ body, ...rest }) => ({ ...rest, body: JSON.parse(body) }))).toEqual([
      { wamid: "wamid.1", sender, contact: "4915112345678", type: "text", at: new Date(1_795_000_000_000), body: text },
      { wamid: "wamid.2", sender, contact: "DE.1349", type: "image", at: new Date(1_795_000_001_000), body: hidden },
    ]);
  });

  it("may have several entries and changes, and kinds that nobody knows yet", () => {
    const [first, second] = ["sent", "read"].map((status) => webhookOf({ statuses: [statusOf({ ...told, status })] }));
    const entries = [first, second].flatMap((body) => (body as { entry: { changes: object[] }[] }).entry);
    entries[0]?.changes.push({ field: "message_template_status_update", value: { event: "APPROVED" } });
    const body = { object: "whatsapp_business_account", entry: entries, later: { than: "this" } };
    const { statuses, skipped } = parseWebhook(body);
    expect(statuses.map(({ status }) => status)).toEqual(["sent", "read"]);
    expect(skipped).toEqual({ "other-field": 1 });
  });

  it.each([
    ["foreign-status", statusOf({ ...told, id: undefined, status: "sent" })],
    ["foreign-status", statusOf({ ...told, id: `${id}0`, status: "sent" })],
    ["other-status", statusOf({ ...told, status: "played" })],
    ["malformed", { ...statusOf({ ...told, status: "sent" }), timestamp: "yesterday" }],
    ["malformed", { ...statusOf({ ...told, status: "sent" }), timestamp: null }],
    ["malformed", { ...statusOf({ ...told, status: "sent" }), timestamp: "999999999999999" }],
    ["malformed", { ...statusOf({ ...told, status: "sent" }), id: "w".repeat(300) }],
    ["malformed", null],
  ])("may have a part that is left out and counted: %s", (why, status) => {
    const { statuses, skipped } = parseWebhook(
      webhookOf({ statuses: [status, statusOf({ ...told, status: "sent" })] }),
    );
    expect(statuses).toHaveLength(1);
    expect(skipped).toEqual({ [why]: 1 });
  });

  it.each([null, "text", 7, [], {}, { object: "page" }, { object: 1, entry: [] }, { object: "x", entry: {} }])(
    "that is none is refused: %j",
    (json) => {
      expect(() => parseWebhook(json)).toThrow(PostaError);
    },
  );

  it.each([
    [null],
    [{}],
    [{ changes: {} }],
    [{ changes: [null, { field: "messages" }, { field: "messages", value: [] }] }],
  ])("with an entry that is broken says nothing: %j", (entry) => {
    const { statuses, inbound, skipped } = parseWebhook({ object: "whatsapp_business_account", entry: [entry] });
    expect([statuses, inbound]).toEqual([[], []]);
    expect(skipped.malformed).toBeGreaterThan(0);
  });

  it("may have a message that is nested too deeply to be kept; the rest of it counts", () => {
    const deep = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`);
    const message = { ...textFrom("4915112345678", "wamid.1", 1_795_000_000), deep };
    const { statuses, inbound, skipped } = parseWebhook(
      webhookOf({ messages: [message], statuses: [statusOf({ ...told, status: "sent" })] }),
    );
    expect([statuses.length, inbound, skipped]).toEqual([1, [], { malformed: 1 }]);
  });

  it("has no NUL for PostgreSQL", () => {
    const { statuses } = parseWebhook(
      webhookOf({ statuses: [statusOf({ ...told, wamid: "w\0amid", status: "sent" })] }),
    );
    expect(statuses[0]?.wamid).toBe("wamid");
  });
});
