import { readFileSync } from "node:fs";
import { z } from "zod";

/**
 * Reads targets.json, the one source of every target. All suites and reports judge by it.
 *
 * A row is met at its objective and missed beyond it; beyond its critical value the suite fails. Less is better, except
 * for throughput and mix. What a row is measured by:
 * - latency: a percentile of one operation's calls at a fixed rate, failed ones included, from when each was due
 * - throughput: calls of one operation that succeed in a second, at saturation
 * - mix: calls that succeed in a second of several loads at once, each at a fixed rate
 * - errors: failed calls among all calls at a fixed rate. Of a Posta that runs: those of services whose names begin with
 *   `services` that ended with one of `codes`, which say that Posta failed; the others are the caller's, or a limit that holds.
 *   A stream that ends UNAVAILABLE is none of them: so a server ends it when it stops
 * - memory: the highest sum of the resident sets of the primary and its children; the stores are not counted. It is for a
 *   cluster of so many `processes`, as the suites start it; for a larger one that runs it is as much more
 */
const indicator = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("latency"),
    operation: z.string().min(1),
    percentile: z.number().min(1).max(99.99),
  }),
  z.strictObject({ kind: z.literal("throughput"), operation: z.string().min(1) }),
  z.strictObject({ kind: z.literal("mix"), operation: z.string().min(1) }),
  z.strictObject({
    kind: z.literal("errors"),
    services: z.string().min(1),
    codes: z.array(z.string().regex(/^[A-Z_]+$/)).min(1),
  }),
  z.strictObject({ kind: z.literal("memory"), processes: z.int().positive() }),
]);

const row = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/),
    name: z.string().min(1),
    unit: z.enum(["ms", "requests/s", "%", "MiB"]),
    objective: z.number().positive(),
    critical: z.number().positive(),
    indicator,
    /** Where the figures come from. */
    source: z.string().min(1),
  })
  .refine(({ indicator, objective, critical }) => isBeyond(indicator, critical, objective), {
    error: "critical must be beyond the objective",
  });

/** A figure that a running Posta shows of itself (GET /status): no load measures it, so that no suite judges by it. */
const continuous = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/),
  name: z.string().min(1),
  unit: z.enum(["ms", "s", "%"]),
  objective: z.number().positive(),
  critical: z.number().positive(),
  /** Less, where it does not say. */
  better: z.literal("more").optional(),
  source: z.string().min(1),
});

const schema = z
  .strictObject({ rows: z.array(row).min(1), continuous: z.array(continuous).default([]) })
  .refine(({ rows }) => new Set(rows.map(({ id }) => id)).size === rows.length, { error: "two rows have the same id" });

export type Indicator = z.infer<typeof indicator>;
export type Target = z.infer<typeof row>;

/** The one row of its kind. Throws if there is none. */
export function targetOf<Kind extends Indicator["kind"]>(targets: readonly Target[], kind: Kind) {
  const found = targets.find(({ indicator }) => indicator.kind === kind);
  if (!found) throw new Error(`targets.json: there is no target for ${kind}`);
  return found as Target & { indicator: Extract<Indicator, { kind: Kind }> };
}

/** Whether a value is on the wrong side of a limit. */
export function isBeyond({ kind }: Pick<Indicator, "kind">, value: number, limit: number): boolean {
  return kind === "throughput" || kind === "mix" ? value < limit : value > limit;
}

/** Checks the text of a targets file; throws an error that names what is wrong in it. */
export function parseTargets(text: string): Target[] {
  const result = schema.safeParse(JSON.parse(text));
  if (!result.success) throw new Error(`targets.json: ${z.prettifyError(result.error)}`);
  return result.data.rows;
}

export function readTargets(): Target[] {
  return parseTargets(readFileSync(new URL("./targets.json", import.meta.url), "utf8"));
}
