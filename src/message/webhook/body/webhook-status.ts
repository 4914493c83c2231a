import type { WebhookOddities } from "./webhook-oddities.js";
import { type JsonObject, toList, toObject, toText, toTime, toWord } from "./webhook-values.js";

/** The statuses that WhatsApp reports. */
const reportedStatuses = ["sent", "delivered", "read", "failed"] as const;
type ReportedStatus = (typeof reportedStatuses)[number];

/** A step of a message, as WhatsApp reports it. */
export interface StatusUpdate {
  /** Posta's id of the message. It went to WhatsApp with the message, and comes back. */
  messageId: string;
  /** {@link unknownWamid} if WhatsApp does not report the wamid. */
  wamid: string;
  status: ReportedStatus;
  /** WhatsApp's time of the step, to the second. If WhatsApp gives none: when the webhook came. */
  at: Date;
  /** Why the message failed. undefined: it did not fail. */
  error: { code: number | undefined; text: string } | undefined;
}

/** A step without Posta's id. Its message is Posta's if the wamid is known. */
export interface ForeignStatus extends Omit<StatusUpdate, "messageId"> {
  messageId: undefined;
  /** The number that the message went to. */
  recipient: string;
}

/** Stands for the wamid of a request if WhatsApp does not report one. */
export const unknownWamid = "unknown";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const maxReasonCharacters = 1000;
const maxWamidBytes = 256;

/** Reads a status. undefined: the status is left out. */
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
  // Another user of the number sent the message. That user may be another Posta.
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

/** undefined: the value is not an id that Posta gave. */
function toMessageId(json: unknown): string | undefined {
  return typeof json === "string" && uuid.test(json) ? json.toLowerCase() : undefined;
}

/** Leaves out malformed parts: it matters more that a message failed than why. */
function readError(json: unknown, oddities: WebhookOddities): StatusUpdate["error"] {
  const error = toObject(toList(json)?.[0]);
  if (json !== undefined && !(Array.isArray(json) && error)) oddities.addField("status.errors");
  const details = toObject(error?.error_data)?.details;
  const given = [details, error?.message, error?.title, json].find((text) => typeof text === "string");
  const text = typeof given === "string" ? toReason(given) : "";
  return { code: toCode(error?.code), text: text || "WhatsApp gave no reason" };
}

/** A text in PostgreSQL cannot have a NUL character. */
function toReason(text: string): string {
  return text.replaceAll("\0", "").slice(0, maxReasonCharacters).toWellFormed();
}

function toCode(json: unknown): number | undefined {
  const isCode = typeof json === "number" || (typeof json === "string" && /^-?\d+$/.test(json));
  const code = isCode ? Number(json) : Number.NaN;
  return Number.isInteger(code) && Math.abs(code) < 2 ** 31 ? code : undefined;
}
