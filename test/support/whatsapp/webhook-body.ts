import { createHmac } from "node:crypto";
import { titleOf } from "./errors.js";
import type { LedgerEntry } from "./ledger.js";

export type Step = "sent" | "delivered" | "read" | "failed";

/** A change that a webhook tells of: of a message's status, or a message that came in. */
export interface Change {
  sender: string;
  /** The object that stands in the list `statuses` or `messages`. */
  kind: "status" | "message";
  value: object;
}

/** What a status says. */
export function statusChange(entry: LedgerEntry, step: Step, failCode: number): Change {
  const title = titleOf(failCode);
  const errors = [{ code: failCode, title, message: title, error_data: { details: title } }];
  return {
    sender: entry.sender,
    kind: "status",
    value: {
      id: entry.wamid,
      status: step,
      timestamp: seconds(),
      recipient_id: entry.to,
      ...(entry.bizId === undefined ? {} : { biz_opaque_callback_data: entry.bizId }),
      ...(step === "failed" ? { errors } : pricing),
    },
  };
}

const pricing = { pricing: { billable: true, pricing_model: "PMP", category: "utility", type: "regular" } };

/** A text that somebody sends to a number. */
export function messageChange(sender: string, from: string, id: string, text: string): Change {
  const value = { from, id, timestamp: seconds(), type: "text", text: { body: text } };
  return { sender, kind: "message", value };
}

/** The body of one webhook. All changes are of one number, as in the real ones. */
export function toBody(changes: Change[]): Buffer {
  const sender = (changes[0] as Change).sender;
  const statuses = changes.filter(({ kind }) => kind === "status").map(({ value }) => value);
  const messages = changes.filter(({ kind }) => kind === "message").map(({ value }) => value);
  const contacts = messages.map((message) => ({
    profile: { name: "A Person" },
    wa_id: (message as { from: string }).from,
  }));
  const value = {
    messaging_product: "whatsapp",
    metadata: { display_phone_number: displayNumber(sender), phone_number_id: sender },
    ...(messages.length > 0 ? { contacts, messages } : {}),
    ...(statuses.length > 0 ? { statuses } : {}),
  };
  const entry = [{ id: "102290129340398", changes: [{ value, field: "messages" }] }];
  return Buffer.from(JSON.stringify({ object: "whatsapp_business_account", entry }));
}

/** The header X-Hub-Signature-256 of a body. */
export function sign(body: Buffer, secret: string): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

/** The phone number that stands behind a phone number id. */
export function displayNumber(sender: string): string {
  return `1555${sender.slice(-7).padStart(7, "0")}`;
}

function seconds(): string {
  return String(Math.floor(Date.now() / 1000));
}
