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

const unitBytes = { b: 1, kb: 1 << 10, mb: 1 << 20, gb: 1 << 30 };

/** The amount in bytes; NaN: the value is no amount. */
function toBytes(value: string): number {
  const [, amount, unit = "b"] = /^(\d+)(kb|mb|gb)?$/i.exec(value) ?? [];
  return amount ? Number(amount) * unitBytes[unit.toLowerCase() as keyof typeof unitBytes] : Number.NaN;
}

/** Shows an amount in the largest unit that gives a whole number. */
function showBytes(amount: number): string {
  const [unit = "b", size = 1] = Object.entries(unitBytes).findLast(([, size]) => amount % size === 0) ?? [];
  return unit === "b" ? `${amount}` : `${amount / size}${unit}`;
}

/** An amount of memory in bytes, written as a whole number with or without a unit. Units are powers of 1024. */
export function bytes<V extends string>(
  variable: V,
  fallback: string,
  min: number,
  doc: string,
  max = Number.MAX_SAFE_INTEGER,
) {
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${showBytes(min)}` : `${showBytes(min)} to ${showBytes(max)}`;
  const schema = z
    .string()
    .default(fallback)
    .refine((value) => toBytes(value) >= min && toBytes(value) <= max, {
      error: ({ input }) =>
        `"${input}" is not a number of bytes, alone or with a unit (kb, mb, gb), ${range}, as in "${fallback}"`,
    })
    .transform(toBytes);
  return { variable, doc, shown: fallback, unit: "bytes", range, schema };
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

/** A setting that had another name before. The old name still works; `convert` writes its value in the new name's form. */
export function renamed<S extends { variable: string }>(
  setting: S,
  variable: string,
  convert: (value: string) => string = (value) => value,
) {
  return { ...setting, old: { variable, convert } };
}
