import { z } from "zod";

/** The kinds of settings. Each kind has a rule, and the default, unit and range that docs/settings.md shows. */

export function text<V extends string>(variable: V, fallback: string, doc: string) {
  return { variable, doc, shown: fallback, unit: "text", range: "", schema: z.string().min(1).default(fallback) };
}

export function optional<V extends string>(variable: V, doc: string) {
  return { variable, doc, shown: "", unit: "text", range: "", schema: z.string().min(1).optional() };
}

/** Texts separated by commas. The default is an empty list. */
export function list<V extends string>(variable: V, doc: string) {
  const schema = z
    .string()
    .default("")
    .transform((value) => value.split(",").map((item) => item.trim()))
    .transform((items) => items.filter((item) => item !== ""));
  return { variable, doc, shown: "", unit: "list", range: "", schema };
}

export function flag<V extends string>(variable: V, doc: string) {
  const schema = z
    .enum(["0", "1"], { error: ({ input }) => `"${input}" is neither: use 1 or 0` })
    .default("0")
    .transform((value) => value === "1");
  return { variable, doc, shown: "0", unit: "0 or 1", range: "0, 1", schema };
}

export function oneOf<V extends string, O extends string>(
  variable: V,
  fallback: NoInfer<O>,
  options: readonly O[],
  doc: string,
) {
  const schema = z
    .enum(options, { error: ({ input }) => `"${input}" is none of ${options.join(", ")}` })
    .default(fallback as never);
  return { variable, doc, shown: fallback, unit: "word", range: options.join(", "), schema };
}

export function integer<V extends string>(
  variable: V,
  fallback: number,
  min: number,
  max: number,
  doc: string,
  shown = `${fallback}`,
) {
  const schema = z
    .string()
    .default(String(fallback))
    .refine((value) => /^\d+$/.test(value) && Number(value) >= min && Number(value) <= max, {
      error: ({ input }) => `"${input}" is not a whole number from ${min} to ${max}`,
    })
    .transform(Number);
  return { variable, doc, shown, unit: "number", range: `${min} to ${max}`, schema };
}

export function bytes<V extends string>(variable: V, fallback: number, min: number, doc: string, max = 1 << 30) {
  return { ...integer(variable, fallback, min, max, doc), unit: "bytes" };
}

const unitBytes = { kb: 1 << 10, mb: 1 << 20, gb: 1 << 30 };

/** The amount in bytes; NaN: the value is no amount. */
function toBytes(value: string): number {
  const [, amount, unit] = /^(\d+)(kb|mb|gb)$/i.exec(value) ?? [];
  return amount && unit ? Number(amount) * unitBytes[unit.toLowerCase() as keyof typeof unitBytes] : Number.NaN;
}

/** An amount of memory, in bytes. The amount may be larger than {@link bytes} allows. */
export function memory<V extends string>(variable: V, fallback: string, minBytes: number, doc: string) {
  const least = `${minBytes / unitBytes.mb}mb`;
  const schema = z
    .string()
    .default(fallback)
    .refine((value) => toBytes(value) >= minBytes && toBytes(value) <= Number.MAX_SAFE_INTEGER, {
      error: ({ input }) =>
        `"${input}" is not a number and a unit (kb, mb, gb), at least ${least}, as in "${fallback}"`,
    })
    .transform(toBytes);
  return { variable, doc, shown: fallback, unit: "size", range: `from ${least}`, schema };
}

const unitMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const hourMs = 3_600_000;

/** Shows a duration in the largest unit that gives a whole number. */
function show(ms: number): string {
  if (ms === 0) return "0s";
  const [unit = "ms", size = 1] = Object.entries(unitMs).findLast(([, size]) => ms % size === 0) ?? [];
  return `${ms / size}${unit}`;
}

/** The duration in milliseconds; NaN: the value is no duration. */
function toMs(value: string): number {
  const [, amount, unit] = /^(\d+)(ms|s|m|h)$/.exec(value) ?? [];
  return amount && unit ? Number(amount) * (unitMs[unit] ?? Number.NaN) : Number.NaN;
}

export function duration<V extends string>(
  variable: V,
  fallback: string,
  minMs: number,
  doc: string,
  maxMs = 24 * hourMs,
) {
  const range = `${show(minMs)} to ${show(maxMs)}`;
  const schema = z
    .string()
    .default(fallback)
    .refine((value) => toMs(value) >= minMs && toMs(value) <= maxMs, {
      error: ({ input }) => `"${input}" is not a number and a unit (ms, s, m, h), ${range}, as in "${fallback}"`,
    })
    .transform(toMs);
  return { variable, doc, shown: fallback, unit: "duration", range, schema };
}
