import { createHash } from "node:crypto";
import { requireShortText } from "../../errors/check-text.js";
import { invalid, PostaError, show } from "../../errors/posta-error.js";
import { type ContentRequest, parseContent } from "./content.js";
import { parsePhoneNumber } from "./phone-number.js";

/** A message as a caller gives it. It is not checked yet. Times are in milliseconds since 1970. */
export interface MessageRequest {
  to: string;
  /** "": the default. */
  from: string;
  /** "": none. */
  idempotencyKey: string;
  content: ContentRequest | undefined;
  priority: number;
  /** undefined: now. */
  sendTimeMs: number | undefined;
  /** undefined: never. */
  expireTimeMs: number | undefined;
  /** Whether to send the message again if nobody knows whether it was sent. */
  resend: boolean;
  /** "": none. */
  replyTo: string;
}

/** A message that can be stored. */
export interface MessageSpec {
  readonly sender: string;
  /** E.164 without the "+". */
  readonly recipient: string;
  /** The Cloud API's word for the kind of content. */
  readonly type: string;
  /** The request to the Cloud API as JSON text without its closing brace, so that the id can follow. */
  readonly openBody: string;
  /** Bytes of `openBody` in UTF-8. */
  readonly bodyBytes: number;
  readonly priority: number;
  readonly resend: boolean;
  readonly key: string | undefined;
  readonly sendAtMs: number | undefined;
  readonly expiresAtMs: number | undefined;
}

const maxKeyBytes = 128;
const maxReplyBytes = 256;
const maxBodyBytes = 64 << 10;
const maxLeadMs = 90 * 24 * 3_600_000;
/** The latest time that a Timestamp can have. */
const lastMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Checks a message. Throws invalid, naming the field, or wrong-state if no number could send the message. */
export function parseMessage(message: MessageRequest, senders: readonly string[], now: number): MessageSpec {
  const { idempotencyKey, priority, resend, replyTo } = message;
  const sender = parseSender(message.from, senders);
  const recipient = parsePhoneNumber(message.to, "to");
  if (idempotencyKey !== "") requireShortText(idempotencyKey, "idempotency_key", maxKeyBytes);
  if (replyTo !== "") requireShortText(replyTo, "reply_to", maxReplyBytes);
  const { type, value } = parseContent(message.content);
  const body = toOpenBody({
    messaging_product: "whatsapp",
    recipient_type: "individual",
    to: recipient,
    ...(replyTo === "" ? {} : { context: { message_id: replyTo } }),
    type,
    [type]: value,
  });
  const key = idempotencyKey === "" ? undefined : idempotencyKey;
  return { sender, recipient, type, ...body, priority, resend, key, ...parseTimes(message, now) };
}

/** The request to the Cloud API, which carries the message's id to its webhooks. */
export function bodyOf({ openBody }: MessageSpec, id: string): string {
  return `${openBody},"biz_opaque_callback_data":"${id}"}`;
}

/**
 * A digest of the recipient, the content and reply_to. Two messages with one key are the same message if their digests
 * are equal.
 */
export function digestOf({ openBody }: MessageSpec): Buffer {
  return createHash("sha256").update(openBody).digest();
}

function parseSender(from: string, senders: readonly string[]): string {
  const sender = from === "" ? senders[0] : from;
  if (sender === undefined || senders.length === 0) {
    throw new PostaError("wrong-state", "there is no number to send from: set POSTA_WHATSAPP_SENDERS");
  }
  if (!senders.includes(sender)) throw invalid("from", `${show(sender)} is not one of POSTA_WHATSAPP_SENDERS`);
  return sender;
}

/**
 * An expire_time that has passed is no mistake in a message with a key: the caller may be repeating an earlier request.
 * If the earlier message was not stored, this one is stored, and ends as EXPIRED.
 */
function parseTimes({ sendTimeMs, expireTimeMs, idempotencyKey }: MessageRequest, now: number) {
  const sendAtMs = sendTimeMs !== undefined && sendTimeMs > now ? sendTimeMs : undefined;
  if (sendAtMs !== undefined && sendAtMs - now > maxLeadMs) {
    throw invalid("send_time", `${showSeconds(sendAtMs - now)} ahead is over ${showSeconds(maxLeadMs)} ahead`);
  }
  if (expireTimeMs !== undefined) {
    if (expireTimeMs <= now && idempotencyKey === "")
      throw invalid("expire_time", `${showTime(expireTimeMs)} is not in the future`);
    if (expireTimeMs > lastMs) throw invalid("expire_time", "is after the year 9999");
    if (sendTimeMs !== undefined && expireTimeMs <= sendTimeMs)
      throw invalid("expire_time", `${showTime(expireTimeMs)} is not after send_time, ${showTime(sendTimeMs)}`);
  }
  return { sendAtMs, expiresAtMs: expireTimeMs };
}

function toOpenBody(body: object): Pick<MessageSpec, "openBody" | "bodyBytes"> {
  const json = JSON.stringify(body);
  const bytes = Buffer.byteLength(json);
  if (bytes > maxBodyBytes) {
    const problem = `the request to the Cloud API would have ${bytes} bytes, over ${maxBodyBytes}`;
    throw new PostaError("exhausted", `content: ${problem}`, { field: "content" });
  }
  return { openBody: json.slice(0, -1), bodyBytes: bytes - 1 };
}

/** Shows any time that a google.protobuf.Timestamp can have. */
function showTime(ms: number): string {
  return new Date(ms).toISOString();
}

function showSeconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
