import { z } from "zod";

export const link = z.url({ protocol: /^https?$/ }).max(2048);
export const caption = z.string().max(1024).optional();

/** An object with the id of a file or a link to one, and what else the kind may have. */
export function mediaOf<Shape extends z.ZodRawShape>(more: Shape) {
  const source = { id: z.string().min(1).optional(), link: link.optional() };
  return z.strictObject({ ...source, ...more }).superRefine((media, context) => {
    const { id, link } = media as { id?: string; link?: string };
    if (id === undefined && link === undefined) context.addIssue({ code: "custom", path: ["id"], message: "missing" });
    if (id !== undefined && link !== undefined) context.addIssue({ code: "custom", message: "id and link" });
  });
}
