import { z } from "zod";
import { checkContent } from "./content-rules.js";
import type { Refusal } from "./errors.js";
import { interactive } from "./interactive-body.js";
import { caption, link, mediaOf } from "./media-body.js";
import { checkTemplate, type KnownTemplate, template } from "./template-body.js";

/** A message that is good. */
export interface GoodBody {
  /** The recipient as it stands in the request, */
  input: string;
  /** and its digits. */
  to: string;
  type: string;
  bizId: string | undefined;
}

const envelope = {
  messaging_product: z.literal("whatsapp"),
  recipient_type: z.enum(["individual", "group"]).optional(),
  to: z.string().regex(/^\+?\d[\d ()-]*$/),
  context: z.strictObject({ message_id: z.string().min(1) }).optional(),
  biz_opaque_callback_data: z.string().min(1).max(512).optional(),
};

const contents = {
  text: z.strictObject({ body: z.string().min(1).max(4096), preview_url: z.boolean().optional() }),
  image: mediaOf({ caption }),
  video: mediaOf({ caption }),
  audio: mediaOf({ voice: z.boolean().optional() }),
  document: mediaOf({ caption, filename: z.string().max(240).optional() }),
  sticker: mediaOf({}),
  template,
  interactive,
  reaction: z.strictObject({ message_id: z.string().min(1), emoji: z.string() }),
  location: z.strictObject({
    latitude: z.coerce.number().min(-90).max(90),
    longitude: z.coerce.number().min(-180).max(180),
    name: z.string().optional(),
    address: z.string().optional(),
    url: link.optional(),
  }),
};
type Type = keyof typeof contents;

const bodies = Object.fromEntries(
  Object.entries(contents).map(([type, content]) => [
    type,
    z.strictObject({ ...envelope, type: z.literal(type).optional(), [type]: content }),
  ]),
) as unknown as Record<Type, z.ZodType<z.output<z.ZodObject<typeof envelope>>>>;

/** Checks a request's body as the API does: what is missing, of the wrong kind, too long, or not known to it. */
export function checkBody(text: string, templates: KnownTemplate[] | undefined): GoodBody | Refusal {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { code: 100, details: "The request body is not JSON" };
  }
  if (typeof body !== "object" || body === null) return { code: 100, details: "The request body is not an object" };
  // Without a type it is text.
  const type = "type" in body ? body.type : "text";
  if (!isType(type)) return { code: 131051, details: `Message type ${JSON.stringify(type)} is not supported` };
  const result = bodies[type].safeParse(body);
  if (!result.success) return explain(result.error.issues[0] as z.core.$ZodIssue, body);
  const { to, biz_opaque_callback_data: bizId } = result.data;
  const digits = to.replace(/\D/g, "");
  if (digits.length < 7 || digits.length > 15) return { code: 131009, details: "to is not a phone number" };
  const refusal = type === "template" ? checkTemplate(body, templates) : undefined;
  return refusal ?? checkContent(body) ?? { input: to, to: digits, type, bizId };
}

function isType(type: unknown): type is Type {
  return typeof type === "string" && Object.hasOwn(contents, type);
}

function explain(issue: z.core.$ZodIssue, body: object): Refusal {
  const path = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    return { code: 100, details: `Unexpected key "${issue.keys[0]}" on param "${path}"` };
  }
  const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)?.[key], body);
  if (path === "messaging_product") return { code: 100, details: "The parameter messaging_product is required" };
  if (value === undefined) return { code: 131008, details: `Required parameter ${path} is missing` };
  if (issue.code === "invalid_type") return { code: 100, details: `${path} must be ${issue.expected}` };
  return { code: 131009, details: `${path} is not valid: ${issue.message}` };
}
