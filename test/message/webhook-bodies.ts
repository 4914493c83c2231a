import { createHmac } from "node:crypto";

/** What a test has WhatsApp tell of a message. */
export interface ToldStep {
  id: string | undefined;
  wamid: string;
  status: string;
  /** In seconds since 1970. */
  seconds: number;
  errors?: object[];
}

export const sender = "106540352242922";

/** A webhook as the Cloud API builds it, around what it tells of messages or what people wrote. */
export function webhookOf(value: { statuses?: unknown[]; messages?: unknown[] }): object {
  const metadata = { display_phone_number: "15550783881", phone_number_id: sender };
  const change = { field: "messages", value: { messaging_product: "whatsapp", metadata, ...value } };
  return { object: "whatsapp_business_account", entry: [{ id: "102290129340398", changes: [change] }] };
}

export function statusOf({ id, wamid, status, seconds, errors }: ToldStep): object {
  return {
    id: wamid,
    status,
    timestamp: String(seconds),
    recipient_id: "4915112345678",
    ...(id === undefined ? {} : { biz_opaque_callback_data: id }),
    ...(errors ? { errors } : {}),
    pricing: { billable: true, pricing_model: "PMP", category: "utility" },
  };
}

export const undeliverable = {
  code: 131026,
  title: "Message undeliverable",
  message: "Message undeliverable",
  error_data: { details: "Message Undeliverable." },
  href: "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
};

export function textFrom(contact: string, wamid: string, seconds: number, body = "hello"): object {
  return { from: contact, id: wamid, timestamp: String(seconds), type: "text", text: { body } };
}

/** The header that goes with a body. */
export function signatureOf(body: string | Buffer, secret: string): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

/** Posts a signed body. */
export function postWebhook(httpUrl: string, body: string | Buffer, secret: string): Promise<Response> {
  const headers = { "content-type": "application/json", "x-hub-signature-256": signatureOf(body, secret) };
  return fetch(`${httpUrl}/webhooks/whatsapp`, { method: "POST", body: Buffer.from(body), headers });
}
