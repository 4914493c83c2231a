import { createHash } from "node:crypto";
import type { OtherPart, WebhookOddities } from "./webhook-oddities.js";
import { toObject, toText, toTime, toWord, writeJson } from "./webhook-values.js";

/** What somebody wrote to one of our numbers. */
export interface InboundMessage {
  /** A hash of the message where WhatsApp does not say it. */
  wamid: string;
  /** Our number, by its phone number id; "unknown": WhatsApp does not say it. */
  sender: string;
  /** Their number, or WhatsApp's id of the user. "unknown": WhatsApp says neither. */
  contact: string;
  type: string;
  /** When the webhook came if WhatsApp does not say. */
  at: Date;
  /** Whether `at` is WhatsApp's. */
  isDated: boolean;
  /** The message as JSON text. */
  body: string;
}

const maxWamidBytes = 256;
/** Where a message and its parts name the person. The ids of users without a number are newer than the numbers. */
const names = ["from", "from_user_id", "user_id", "wa_id", "new_wa_id"];

/** Reads a message. It is kept whatever it says: what cannot be understood has a stand-in, and the body has all of it. */
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
 * A part that Posta has no use for, as it is kept beside the messages: its wamid is "other-<kind>-<hash of what the part says>", so
 * that the part is kept once, and no message has such a wamid.
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
