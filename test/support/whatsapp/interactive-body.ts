import { z } from "zod";
import { link, mediaOf } from "./media-body.js";

const short = (max: number) => z.string().min(1).max(max);

const header = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text"), text: short(60) }),
  z.strictObject({ type: z.literal("image"), image: mediaOf({}) }),
  z.strictObject({ type: z.literal("video"), video: mediaOf({}) }),
  z.strictObject({ type: z.literal("document"), document: mediaOf({ filename: short(240).optional() }) }),
]);
const textHeader = z.strictObject({ type: z.literal("text"), text: short(60) });
const footer = z.strictObject({ text: short(60) }).optional();

const reply = z.strictObject({ id: short(256), title: short(20) });
const buttons = z
  .array(z.strictObject({ type: z.literal("reply"), reply }))
  .min(1)
  .max(3)
  .refine((all) => areDifferent(all.map((button) => button.reply.id)), "two buttons have the same id")
  .refine((all) => areDifferent(all.map((button) => button.reply.title)), "two buttons have the same title");

const row = z.strictObject({ id: short(200), title: short(24), description: z.string().max(72).optional() });
const sections = z
  .array(z.strictObject({ title: z.string().max(24).optional(), rows: z.array(row).min(1).max(10) }))
  .min(1)
  .max(10)
  .refine((all) => all.length === 1 || all.every(({ title }) => title), "several sections each need a title")
  .refine((all) => all.flatMap(({ rows }) => rows).length <= 10, "more than 10 rows")
  .refine((all) => areDifferent(all.flatMap(({ rows }) => rows.map(({ id }) => id))), "two rows have the same id");

/** The object of an interactive message. */
export const interactive = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("button"),
    header: header.optional(),
    body: z.strictObject({ text: short(1024) }),
    footer,
    action: z.strictObject({ buttons }),
  }),
  z.strictObject({
    type: z.literal("list"),
    header: textHeader.optional(),
    body: z.strictObject({ text: short(4096) }),
    footer,
    action: z.strictObject({ button: short(20), sections }),
  }),
  z.strictObject({
    type: z.literal("cta_url"),
    header: header.optional(),
    body: z.strictObject({ text: short(1024) }),
    footer,
    action: z.strictObject({
      name: z.literal("cta_url"),
      parameters: z.strictObject({ display_text: short(20), url: link }),
    }),
  }),
]);

function areDifferent(texts: string[]): boolean {
  return new Set(texts).size === texts.length;
}
