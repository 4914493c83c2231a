import { z } from "zod";
import type { Refusal } from "./errors.js";
import { caption, mediaOf } from "./media-body.js";

/** A template that the stand-in has. */
export interface KnownTemplate {
  name: string;
  language: string;
  /** How many parameters its text takes. */
  parameters: number;
}

const filename = z.string().max(240).optional();
const named = { parameter_name: z.string().min(1).optional() };
const currency = z.strictObject({
  fallback_value: z.string().min(1),
  code: z.string().regex(/^[A-Z]{3}$/),
  amount_1000: z.int(),
});

const parameter = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text"), text: z.string().min(1).max(1024), ...named }),
  z.strictObject({ type: z.literal("currency"), currency, ...named }),
  z.strictObject({
    type: z.literal("date_time"),
    date_time: z.strictObject({ fallback_value: z.string().min(1) }),
    ...named,
  }),
  z.strictObject({ type: z.literal("image"), image: mediaOf({ caption }) }),
  z.strictObject({ type: z.literal("video"), video: mediaOf({ caption }) }),
  z.strictObject({ type: z.literal("document"), document: mediaOf({ caption, filename }) }),
  z.strictObject({ type: z.literal("payload"), payload: z.string().min(1).max(256) }),
  z.strictObject({ type: z.literal("coupon_code"), coupon_code: z.string().min(1).max(15) }),
]);
const parameters = z.array(parameter).optional();

const component = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("header"), parameters }),
  z.strictObject({ type: z.literal("body"), parameters }),
  z.strictObject({
    type: z.literal("button"),
    sub_type: z.enum(["quick_reply", "url", "copy_code"]),
    index: z.union([z.string().regex(/^\d$/), z.int().min(0).max(9)]),
    parameters,
  }),
]);

/** The object of a template message. */
export const template = z.strictObject({
  name: z.string().regex(/^[a-z0-9_]{1,512}$/),
  language: z.strictObject({
    code: z.string().regex(/^[a-z]{2,3}(_[A-Z]{2,3})?$/),
    policy: z.literal("deterministic").optional(),
  }),
  components: z.array(component).optional(),
});

/** Whether there is such a template, and it takes so many parameters. Without a list every template is there. */
export function checkTemplate(body: object, known: KnownTemplate[] | undefined): Refusal | undefined {
  const sent = (body as { template: z.output<typeof template> }).template;
  if (!known) return undefined;
  const found = known.find(({ name, language }) => name === sent.name && language === sent.language.code);
  if (!found) return { code: 132001, details: `template name (${sent.name}) does not exist in ${sent.language.code}` };
  const count = sent.components?.find(({ type }) => type === "body")?.parameters?.length ?? 0;
  if (count === found.parameters) return undefined;
  return {
    code: 132000,
    details: `body: number of localizable_params (${count}) does not match the expected number of params (${found.parameters})`,
  };
}
