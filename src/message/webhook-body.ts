import { z } from "zod";
import { invalid } from "../errors.js";

/** The statuses that WhatsApp tells of. */
const toldStatuses = ["sent", "delivered", "read", "failed"] as const;
type ToldStatus = (typeof toldStatuses)[number];

/** A step of a message, as WhatsApp tells it. */
export interface StatusUpdate {
  /** Ours, which went along with the message and comes back. */
  messageId: string;
  wamid: string;
  status: ToldStatus;
  /** When WhatsApp says it was, to the second. */
  at: Date;
  /** Why it failed; undefined: it did not. */
  error: { code: number | undefined; text: string } | undefined;
}

/** What somebody wrote to one of our numbers. */
export interface InboundMessage {
  wamid: string;
  /** Our number, by its phone number id. */
  sender: string;
  /** Theirs; where WhatsApp does not tell it, its id of the user. */
  contact: string;
  type: string;
  at: Date;
  /** The message as JSON text. */
  body: string;
}

/** Why parts of a body are left out. */
type Skipped = "foreign-status" | "other-status" | "other-field" | "malformed";

/** What a webhook's body says. */
export interface WebhookContent {
  statuses: StatusUpdate[];
  inbound: InboundMessage[];
  /** How many parts were left out, by why. */
  skipped: Partial<Record<Skipped, number>>;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** The end of the year 9999, beyond which neither JavaScript nor PostgreSQL write a time as usual. */
const maxSeconds = 253_402_300_799;

// PostgreSQL's text has no NUL.
const text = z.string().transform((value) => value.replaceAll("\0", ""));
/** Longer ones would not go into an index. */
const filled = text.pipe(z.string().min(1).max(256));
const reason = text
  .transform((value) => value.slice(0, 1000))
  .optional()
  .catch(undefined);
const time = z.union([z.string().regex(/^\d+$/).transform(Number), z.number()]).pipe(z.number().min(0).max(maxSeconds));
const list = z
  .array(z.unknown())
  .nullish()
  .transform((items) => items ?? []);

const bodySchema = z.object({ object: z.string(), entry: z.array(z.unknown()) });
const entrySchema = z.object({ changes: z.array(z.unknown()) });
const changeSchema = z.object({ field: z.string(), value: z.unknown() });
const valueSchema = z.object({
  metadata: z.object({ phone_number_id: filled }),
  statuses: list,
  messages: list,
});
/** What is not as it should be is left out: that a message failed is worth more than why. */
const errorSchema = z.object({
  code: z
    .union([
      z.number(),
      z
        .string()
        .regex(/^-?\d+$/)
        .transform(Number),
    ])
    .pipe(
      z
        .number()
        .int()
        .min(-(2 ** 31))
        .max(2 ** 31 - 1),
    )
    .optional()
    .catch(undefined),
  title: reason,
  message: reason,
  error_data: z.object({ details: reason }).optional().catch(undefined),
});
const statusSchema = z.object({
  id: filled,
  status: z.string(),
  timestamp: time,
  biz_opaque_callback_data: z.string().optional(),
  errors: z.array(errorSchema.catch({})).optional().catch(undefined),
});
const messageSchema = z
  .object({ id: filled, timestamp: time, type: filled, from: filled.optional(), from_user_id: filled.optional() })
  .refine(({ from, from_user_id }) => from ?? from_user_id);

/**
 * Reads the JSON of a webhook. It grows with every version of the API: what is not known is left out and counted. Throws
 * invalid for what is no webhook at all.
 */
export function parseWebhook(json: unknown): WebhookContent {
  const { success, data: body } = bodySchema.safeParse(json);
  if (!success) throw invalid("body", 'is no webhook of WhatsApp: it has no "object" and "entry"');
  const reader = new Reader();
  for (const entry of body.entry) reader.readEntry(entry);
  return reader.content;
}

class Reader {
  readonly content: WebhookContent = { statuses: [], inbound: [], skipped: {} };

  readEntry(json: unknown): void {
    const entry = this.read(entrySchema, json);
    for (const json of entry?.changes ?? []) {
      const change = this.read(changeSchema, json);
      if (change?.field === "messages") this.readValue(change.value);
      else if (change) this.skip("other-field");
    }
  }

  private readValue(json: unknown): void {
    const value = this.read(valueSchema, json);
    for (const status of value?.statuses ?? []) this.readStatus(status);
    for (const message of value?.messages ?? []) this.readMessage(message, value?.metadata.phone_number_id ?? "");
  }

  private readStatus(json: unknown): void {
    const status = this.read(statusSchema, json);
    if (!status) return;
    const { biz_opaque_callback_data: messageId = "" } = status;
    const { id: wamid, status: told, timestamp, errors } = status;
    const at = new Date(timestamp * 1000);
    const error = told === "failed" ? toError(errors) : undefined;
    if (!isTold(told)) this.skip("other-status");
    // It was not sent by Posta, or not by this one: the number may have other users.
    else if (!uuid.test(messageId)) this.skip("foreign-status");
    else this.content.statuses.push({ messageId: messageId.toLowerCase(), wamid, status: told, at, error });
  }

  private readMessage(json: unknown, sender: string): void {
    const message = this.read(messageSchema, json);
    if (!message) return;
    const { id: wamid, type, timestamp, from, from_user_id } = message;
    const contact = (from ?? from_user_id) as string;
    const at = new Date(timestamp * 1000);
    const body = write(json);
    if (body === undefined) this.skip("malformed");
    else this.content.inbound.push({ wamid, sender, contact, type, at, body });
  }

  private read<Schema extends z.ZodType>(schema: Schema, json: unknown): z.output<Schema> | undefined {
    const { success, data } = schema.safeParse(json);
    if (!success) this.skip("malformed");
    return data;
  }

  private skip(why: Skipped): void {
    this.content.skipped[why] = (this.content.skipped[why] ?? 0) + 1;
  }
}

function toError([error]: z.output<typeof errorSchema>[] = []): StatusUpdate["error"] {
  const given = error?.error_data?.details ?? error?.message ?? error?.title;
  return { code: error?.code, text: given ?? "WhatsApp gave no reason" };
}

/** JSON may be read however deeply it is nested, but not written: then undefined. */
function write(json: unknown): string | undefined {
  try {
    return JSON.stringify(json);
  } catch {
    return undefined;
  }
}

function isTold(status: string): status is ToldStatus {
  return (toldStatuses as readonly string[]).includes(status);
}
