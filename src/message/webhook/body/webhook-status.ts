import type { WebhookOddities } from "./webhook-oddities.js";
import { type JsonObject, toList, toObject, toText, toTime, toWord } from "./webhook-values.js";

/** The statuses that WhatsApp reports. */
const reportedStatuses = ["sent", "delivered", "read", "failed"] as const;
type ReportedStatus = (typeof reportedStatuses)[number];

/** A step of a message, as WhatsApp reports it. */
export interface StatusUpdate {
  /** Ours, which went along with the message and comes back. */
  messageId: string;
  /** {@link unknownWamid}: WhatsApp does not report it. */
  wamid: string;
  status: ReportedStatus;
  /** When WhatsApp says it was, to the second; when the webhook came if WhatsApp does not say. */
  at: Date;
  /** Why it failed; undefined: it did not. */
  error: { code: number | undefined; text: string } | undefined;
}

/** A step of a message without Posta's id: it is Posta's if the wamid is known. */
export interface ForeignStatus extends Omit<StatusUpdate, "messageId"> {
  messageId: undefined;
  /** The number that the message went to. */
  recipient: string;
}

/** What stands for the id of a request that WhatsApp does not report. */
export const unknownWamid = "unknown";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const maxReasonCharacters = 1000;
const maxWamidBytes = 256;

/** Reads a status; undefined: it is left out. */
export function readStatus(
  json: JsonObject,
  { sender, receivedAt }: { sender: string; receivedAt: Date },
  oddities: WebhookOddities,
): StatusUpdate | ForeignStatus | undefined {
  const messageId = toMessageId(json.biz_opaque_callback_data);
  const wamid = toText(json.id, maxWamidBytes);
  const recipient = toText(json.recipient_id);
  const word = toWord(json.status);
  const status = reportedStatuses.find((known) => known === word);
  // It was not sent by Posta, or not by this one: the number may have other users.
  if (messageId === undefined && (wamid === undefined || recipient === undefined || !status)) {
    oddities.skip("foreign-status");
    return undefined;
  }
  const time = toTime(json.timestamp, receivedAt);
  const at = time ?? receivedAt;
  if (!status) {
    oddities.skip("other-status", { kind: `status.${word ?? "unknown"}`, sender, at, json });
    return undefined;
  }
  if (wamid === undefined) oddities.addField("status.id");
  if (!time) oddities.addField("status.timestamp");
  const error = status === "failed" ? readError(json.errors, oddities) : undefined;
  const step = { wamid: wamid ?? unknownWamid, status, at, error };
  return messageId === undefined ? { messageId, recipient: recipient ?? "", ...step } : { messageId, ...step };
}

/** undefined: it is no id that Posta gave. */
function toMessageId(json: unknown): string | undefined {
  return typeof json === "string" && uuid.test(json) ? json.toLowerCase() : undefined;
}

/** What is not as it should be is left out: that a message failed is worth more than why. */
function readError(json: unknown, oddities: WebhookOddities): StatusUpdate["error"] {
  const error = toObject(toList(json)?.[0]);
  if (json !== undefined && !(Array.isArray(json) && error)) oddities.addField("status.errors");
  const details = toObject(error?.error_data)?.details;
  const given = [details, error?.message, error?.title, json].find((text) => typeof text === "string");
  const text = typeof given === "string" ? toReason(given) : "";
  return { code: toCode(error?.code), text: text || "WhatsApp gave no reason" };
}

/** PostgreSQL's text has no NUL. */
function toReason(text: string): string {
  return text.replaceAll("\0", "").slice(0, maxReasonCharacters).toWellFormed();
}

function toCode(json: unknown): number | undefined {
  const isCode = typeof json === "number" || (typeof json === "string" && /^-?\d+$/.test(json));
  const code = isCode ? Number(json) : Number.NaN;
  return Number.isInteger(code) && Math.abs(code) < 2 ** 31 ? code : undefined;
}
