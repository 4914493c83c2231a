import { describe, expect, it } from "vitest";
import { parseWebhook } from "../../../../src/message/webhook/body/webhook-body.js";
import { sender, statusOf, textFrom, undeliverable, webhookOf } from "../../webhook-bodies.js";

const id = "019e0000-0000-7000-8000-00000000abcd";
const wamid = "wamid.HBgLNDkxNTExMjM0NTY3OBUCABEYEkE5";
const told = { id, wamid, seconds: 1_795_000_000 };
const toldAt = new Date(1_795_000_000_000);
const receivedAt = new Date(1_795_000_060_000);

/** What a body says, and what of it is odd, as plain objects. */
function parse(body: unknown) {
  const { statuses, foreign, inbound, oddities } = parseWebhook(body, receivedAt);
  const { skipped, fields, parts } = oddities;
  return {
    statuses,
    foreign,
    inbound,
    skipped: Object.fromEntries(skipped),
    odd: Object.fromEntries(fields),
    kinds: parts.map(({ kind }) => kind),
  };
}

const parseStatus = (status: unknown) => parse(webhookOf({ statuses: [status] }));
const parseMessage = (message: unknown, more: object = {}) => parse(webhookOf({ messages: [message], ...more }));

describe("a webhook's body", () => {
  it("tells of statuses", () => {
    const { statuses } = parseStatus(statusOf({ ...told, status: "delivered" }));
    expect(statuses).toEqual([{ messageId: id, wamid, status: "delivered", at: toldAt, error: undefined }]);
  });

  it.each([
    [[undeliverable], { code: 131026, text: "Message Undeliverable." }],
    [[{ code: 131047, title: "Re-engagement message" }], { code: 131047, text: "Re-engagement message" }],
    [[{ code: "131026", title: "As text" }], { code: 131026, text: "As text" }],
    [[{ code: 131026, title: null, message: "m", error_data: null }], { code: 131026, text: "m" }],
    [[{ code: 3_000_000_000, title: "Too large" }], { code: undefined, text: "Too large" }],
    [
      { code: 131026, title: "No list" },
      { code: 131026, text: "No list" },
    ],
    ["a text", { code: undefined, text: "a text" }],
    [[null], { code: undefined, text: "WhatsApp gave no reason" }],
    [7, { code: undefined, text: "WhatsApp gave no reason" }],
    [undefined, { code: undefined, text: "WhatsApp gave no reason" }],
  ])("tells why one failed: %j", (errors, error) => {
    const status = { ...statusOf({ ...told, status: "failed" }), errors };
    expect(parseStatus(status).statuses[0]).toMatchObject({ status: "failed", error });
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
    const { inbound, skipped, odd } = parse(webhookOf({ messages: [text, hidden] }));
    expect([skipped, odd]).toEqual([{}, {}]);
    expect(inbound.map(({ body, ...rest }) => ({ ...rest, body: JSON.parse(body) }))).toEqual([
      { wamid: "wamid.1", sender, contact: "4915112345678", type: "text", at: toldAt, isDated: true, body: text },
      {
        wamid: "wamid.2",
        sender,
        contact: "DE.1349",
        type: "image",
        at: new Date(1_795_000_001_000),
        isDated: true,
        body: hidden,
      },
    ]);
  });

  it("may have several entries and changes, and kinds that nobody knows yet", () => {
    const [first, second] = ["sent", "read"].map((status) => webhookOf({ statuses: [statusOf({ ...told, status })] }));
    const entries = [first, second].flatMap((body) => (body as { entry: { changes: object[] }[] }).entry);
    entries[0]?.changes.push({ field: "message_template_status_update", value: { event: "APPROVED" } });
    const body = { object: "whatsapp_business_account", entry: entries, later: { than: "this" } };
    const { statuses, skipped, kinds } = parse(body);
    expect(statuses.map(({ status }) => status)).toEqual(["sent", "read"]);
    expect([skipped, kinds]).toEqual([{ "other-field": 1 }, ["field.message_template_status_update"]]);
  });

  it.each([
    ["foreign-status", [], { ...statusOf({ ...told, id: undefined, status: "sent" }), id: "" }],
    ["foreign-status", [], { ...statusOf({ ...told, id: `${id}0`, status: "sent" }), recipient_id: [] }],
    ["foreign-status", [], { ...statusOf({ ...told, status: "played" }), biz_opaque_callback_data: 7 }],
    ["other-status", ["status.played"], statusOf({ ...told, status: "played" })],
    ["other-status", ["status.deleted"], statusOf({ ...told, status: "deleted" })],
    ["other-status", ["status.warning"], statusOf({ ...told, status: "WARNING" })],
    ["other-status", ["status.unknown"], { ...statusOf({ ...told, status: "sent" }), status: 40 }],
    ["other-status", ["status.unknown"], statusOf({ ...told, status: "of +49 151 12345678" })],
    ["malformed", ["malformed.status"], null],
    ["malformed", ["malformed.status"], "sent"],
  ])("may have a status that is left out and counted: %s, %j", (why, expected, status) => {
    const good = statusOf({ ...told, status: "sent" });
    const { statuses, skipped, kinds } = parse(webhookOf({ statuses: [status, good] }));
    expect(statuses).toHaveLength(1);
    expect([skipped, kinds]).toEqual([{ [why]: 1 }, expected]);
  });

  it.each([undefined, `${id}0`, "order 66", 7, ""])(
    "may have a status whose message its wamid may tell: %s",
    (data) => {
      const status = { ...statusOf({ ...told, status: "sent" }), biz_opaque_callback_data: data };
      const { statuses, foreign, skipped } = parseStatus(status);
      const step = { wamid, recipient: "4915112345678", status: "sent", at: toldAt, error: undefined };
      expect([statuses, foreign, skipped]).toEqual([[], [{ messageId: undefined, ...step }], {}]);
    },
  );

  it.each([
    ["a number", { timestamp: 1_795_000_000 }, toldAt],
    ["in milliseconds", { timestamp: "1795000000000" }, toldAt],
    ["in microseconds", { timestamp: 1_795_000_000_000_000 }, toldAt],
    ["with a fraction", { timestamp: "1795000000.25" }, new Date(1_795_000_000_250)],
    ["missing", { timestamp: undefined }, receivedAt],
    ["null", { timestamp: null }, receivedAt],
    ["empty", { timestamp: "" }, receivedAt],
    ["a word", { timestamp: "yesterday" }, receivedAt],
    ["0", { timestamp: "0" }, receivedAt],
    ["negative", { timestamp: -5 }, receivedAt],
    ["infinite", { timestamp: Number.POSITIVE_INFINITY }, receivedAt],
    ["far ahead", { timestamp: "253402300799" }, receivedAt],
    ["a list", { timestamp: [1_795_000_000] }, receivedAt],
  ])("is used though a time in it is %s", (_, timestamp, at) => {
    const odd = at === receivedAt ? 1 : undefined;
    const status = parseStatus({ ...statusOf({ ...told, status: "read" }), ...timestamp });
    expect(status.statuses).toEqual([{ messageId: id, wamid, status: "read", at, error: undefined }]);
    expect([status.skipped, status.odd["status.timestamp"]]).toEqual([{}, odd]);
    const message = parseMessage({ ...textFrom("4915112345678", "wamid.1", 1), ...timestamp });
    expect(message.inbound).toMatchObject([{ wamid: "wamid.1", at, isDated: odd === undefined }]);
    expect([message.skipped, message.odd["message.timestamp"]]).toEqual([{}, odd]);
  });

  it.each([
    ["no recipient", { recipient_id: undefined }, {}],
    ["a user's id for a recipient", { recipient_id: undefined, recipient_user_id: "DE.1349" }, {}],
    ["no id", { id: undefined }, { wamid: "unknown" }],
    ["an empty id", { id: "" }, { wamid: "unknown" }],
    ["an id that is too long", { id: "w".repeat(300) }, { wamid: "unknown" }],
    ["an id that is a number", { id: 7 }, { wamid: "7" }],
    ["its word in capitals", { status: "Delivered" }, {}],
  ])("is used though a status in it has %s", (_, given, expected) => {
    const { statuses, skipped } = parseStatus({ ...statusOf({ ...told, status: "delivered" }), ...given });
    expect(statuses).toMatchObject([{ messageId: id, wamid, status: "delivered", at: toldAt, ...expected }]);
    expect(skipped).toEqual({});
  });

  const changedUser = {
    id: "wamid.9",
    timestamp: "1795000000",
    type: "system",
    system: { type: "user_changed_user_id", user_id: "MX.0987654321", previous_user_id: "MX.1234567890" },
  };
  const text = textFrom("4915112345678", "wamid.1", 1_795_000_000);
  const withoutFrom = { ...text, from: undefined };

  it.each([
    ["tells of a new user id", changedUser, {}, { wamid: "wamid.9", contact: "MX.0987654321", type: "system" }],
    ["has a number for its person", { ...text, from: 4_915_112_345_678 }, {}, { contact: "4915112345678" }],
    ["names its person among the contacts", withoutFrom, { contacts: [{ user_id: "DE.1" }] }, { contact: "DE.1" }],
    ["names nobody", withoutFrom, { contacts: [{ wa_id: "1" }, { wa_id: "2" }] }, { contact: "unknown" }],
    ["names nobody, with broken contacts", withoutFrom, { contacts: "none" }, { contact: "unknown" }],
    ["has an empty person", { ...text, from: "", from_user_id: null }, {}, { contact: "unknown" }],
    ["has a person that is too long", { ...text, from: "1".repeat(300) }, {}, { contact: "unknown" }],
    ["has no type", { ...text, type: undefined }, {}, { type: "unknown" }],
    ["has a type of another kind", { ...text, type: ["text"] }, {}, { type: "unknown" }],
    ["has a type that nobody knows", { ...text, type: "hologram" }, {}, { type: "hologram" }],
    ["is a reaction", { ...text, type: "reaction", reaction: { message_id: "w" } }, {}, { type: "reaction" }],
    ["is unsupported", { ...text, type: "unsupported", errors: [{ code: 131051 }] }, {}, { type: "unsupported" }],
    ["has no metadata", text, { metadata: undefined }, { sender: "unknown" }],
    ["has an odd number of ours", text, { metadata: { phone_number_id: {} } }, { sender: "unknown" }],
    ["has no id", { ...text, id: undefined }, {}, { wamid: expect.stringMatching(/^none-[0-9a-f]{64}$/) }],
    ["has an id that is too long", { ...text, id: "w".repeat(300) }, {}, { wamid: expect.stringMatching(/^none-/) }],
  ])("is kept though a message %s", (_, message, more, expected) => {
    const { inbound, skipped } = parseMessage(message, more);
    const usual = { sender, wamid: "wamid.1", contact: "4915112345678", type: "text", at: toldAt };
    expect(inbound).toMatchObject([{ ...usual, ...expected, body: JSON.stringify(message) }]);
    expect(skipped).toEqual({});
    // Told again, it is the same.
    expect(parseMessage(message, more).inbound).toEqual(inbound);
  });

  it("is read without the name of its field, and with single objects in place of lists", () => {
    const value = { statuses: statusOf({ ...told, status: "sent" }), messages: text };
    const { statuses, inbound, skipped } = parse({ entry: [{ changes: { value } }] });
    expect([statuses.length, inbound.length, skipped]).toEqual([1, 1, {}]);
  });

  it.each([
    ["malformed.status", { statuses: "none" }],
    ["messages.errors", { errors: [{ code: 130429 }] }],
    ["messages.user_preferences", { user_preferences: [] }],
    ["messages.unknown", { "+49 151 12345678": [] }],
  ])("has parts that stand alone, beside %s", (kind, odd) => {
    const good = { statuses: [statusOf({ ...told, status: "sent" })], messages: [text] };
    const changes = [good, { ...odd }, good].map((value) => ({ field: "messages", value }));
    const { statuses, inbound, kinds } = parse({ entry: [{ changes }] });
    expect([statuses.length, inbound.length, kinds]).toEqual([2, 2, [kind]]);
  });

  it.each(["account_update", "message_template_status_update", "calls", "flows", "phone_number_quality_update"])(
    "may be of the field %s",
    (field) => {
      const { skipped, kinds } = parse({ entry: [{ changes: [{ field, value: { event: "X" } }] }] });
      expect([skipped, kinds]).toEqual([{ "other-field": 1 }, [`field.${field}`]]);
    },
  );

  it("keeps no more than 1000 parts that nobody has a use for", () => {
    const { oddities } = parseWebhook(webhookOf({ statuses: new Array(5000).fill(null) }), receivedAt);
    expect([oddities.skipped.get("malformed"), oddities.parts.length, oddities.isCut]).toEqual([5000, 1000, true]);
  });

  it.each([null, "text", 7, true, [], [{ entry: [] }], {}, { object: "page" }, { entry: "x" }, { entry: null }])(
    "that is none is kept whole: %j",
    (json) => {
      const { parts } = parseWebhook(json, receivedAt).oddities;
      expect(parts).toEqual([{ kind: "malformed.body", sender: "unknown", at: receivedAt, json }]);
    },
  );

  it("may have a single entry in place of the list", () => {
    const { entry } = webhookOf({ messages: [text], statuses: [statusOf({ ...told, status: "sent" })] }) as {
      entry: unknown[];
    };
    const { statuses, inbound, skipped } = parse({ entry: entry[0] });
    expect([statuses.length, inbound.length, skipped]).toEqual([1, 1, {}]);
  });

  it.each([null, 7, "hello", [text]])("may have a message that is no object: %j", (message) => {
    const contacts = [{ wa_id: "4915112345678" }];
    const { inbound, skipped, odd } = parse(webhookOf({ messages: [message, text], ...{ contacts } }));
    const stands = { sender, contact: "4915112345678", type: "unknown", at: receivedAt, isDated: false };
    const wamid = expect.stringMatching(/^none-[0-9a-f]{64}$/);
    expect(inbound[0]).toEqual({ ...stands, wamid, body: JSON.stringify(message) });
    expect([inbound[1]?.wamid, skipped, odd["message.id"]]).toEqual(["wamid.1", {}, 1]);
  });

  it.each([7, "hello", false])("may have a message in place of the list that is no object: %j", (messages) => {
    const { inbound } = parse({ entry: { changes: { field: "messages", value: { messages } } } });
    expect(inbound).toMatchObject([{ contact: "unknown", body: JSON.stringify(messages) }]);
  });

  it.each([
    [null],
    [{}],
    [{ changes: {} }],
    [{ changes: [null, { field: "messages" }, { field: "messages", value: [] }] }],
  ])("with an entry that is broken says nothing: %j", (entry) => {
    const { statuses, inbound, skipped } = parse({ object: "whatsapp_business_account", entry: [entry] });
    expect([statuses, inbound]).toEqual([[], []]);
    expect(Object.keys(skipped)).not.toEqual([]);
  });

  it("may have a message that is nested too deeply to be kept whole: the rest of it is kept", () => {
    const deep = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`);
    const { inbound, skipped } = parseMessage({ ...text, deep });
    expect(skipped).toEqual({});
    expect(JSON.parse(inbound[0]?.body ?? "")).toEqual({ ...text, deep: "(nested too deeply)" });
    expect(parseMessage([text, deep]).inbound[0]?.body).toBe(JSON.stringify([text, "(nested too deeply)"]));
  });

  it("has no NUL for PostgreSQL", () => {
    const { statuses } = parseStatus(statusOf({ ...told, wamid: "w\0amid", status: "sent" }));
    expect(statuses[0]?.wamid).toBe("wamid");
  });
});
