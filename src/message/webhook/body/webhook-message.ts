import { createHash } from "node:crypto";
import type { OtherPart, WebhookOddities } from "./webhook-oddities.js";
import { toObject, toText, toTime, toWord, writeJson } from "./webhook-values.js";

/** What somebody wrote to one of our numbers. */
export interface InboundMessage {
  /** WhatsApp's id. If WhatsApp gives none: made from a hash of the message. */
  wamid: string;
  /** Our number, by its phone number id. "unknown": WhatsApp does not give it. */
  sender: string;
  /** The person's number, or WhatsApp's id of the user. "unknown": WhatsApp gives neither. */
  contact: string;
  type: string;
  /** WhatsApp's time of the message. If WhatsApp gives none: when the webhook came. */
  at: Date;
  /** Whether `at` comes from WhatsApp. */
  isDated: boolean;
  /** The message as JSON text. */
  body: string;
}

const maxWamidBytes = 256;
/**
 * The fields in which a message and its parts name the person. Users without a number have ids, which are newer in the
 * API than numbers.
 */
const names = ["from", "from_user_id", "user_id", "wa_id", "new_wa_id"];

/**
 * Reads a message. Every message is kept. A stand-in replaces each field that Posta does not understand. The body has
 * the whole message.
 */
export function readMessage(
  json: unknown,
  { sender, contacts, receivedAt }: { sender: string; contacts: unknown[]; receivedAt: Date },
  oddities: WebhookOddities,
): InboundMessage {
  const body = writeJson(json);
  const { id, type: word, timestamp, system } = toObject(json) ?? {};
  const wamid = toText(id, maxWamidBytes);
  const contact = nameOf(json) ?? nameOf(system) ?? (contacts.length === 1 ? nameOf(contacts[0]) : undefined);
  const type = toWord(word);
  const time = toTime(timestamp, receivedAt);
  if (wamid === undefined) oddities.addField("message.id");
  if (contact === undefined) oddities.addField("message.from");
  if (type === undefined) oddities.addField("message.type");
  if (!time) oddities.addField("message.timestamp");
  return {
    wamid: wamid ?? `none-${hash(`${sender} ${body}`)}`,
    sender,
    contact: contact ?? "unknown",
    type: type ?? "unknown",
    at: time ?? receivedAt,
    isDated: time !== undefined,
    body,
  };
}

/**
 * Turns a part that Posta has no use for into a row that is kept beside the messages. Its wamid is
 * "other-<kind>-<hash>", with a hash of the sender and the part. So the part is kept once, and no message has such a
 * wamid.
 */
export function toKeptPart({ kind, sender, at, json }: OtherPart): InboundMessage {
  const body = writeJson(json);
  const wamid = `other-${kind}-${hash(`${sender} ${body}`)}`;
  return { wamid, sender, contact: "unknown", type: kind, at, isDated: false, body };
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function nameOf(json: unknown): string | undefined {
  const given = toObject(json);
  return names.map((name) => toText(given?.[name])).find((name) => name !== undefined);
}
