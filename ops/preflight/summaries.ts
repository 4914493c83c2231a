import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** A load that was made; without a rate, as fast as it could be. */
const scenario = z.object({ plan: z.object({ rate: z.number().optional(), seconds: z.number() }) });

/** What preflight needs of a suite's summary.json. */
const schema = z.object({
  suite: z.string(),
  startedAt: z.iso.datetime(),
  commit: z.string(),
  dirty: z.boolean(),
  /** Where it ran. */
  target: z.string(),
  verdict: z.enum(["met", "missed", "critical", "broken"]),
  broken: z.array(z.string()).default([]),
  scenarios: z.array(scenario),
  rows: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      unit: z.string(),
      objective: z.number(),
      critical: z.number(),
      verdict: z.enum(["met", "missed", "critical", "not measured"]),
      value: z.number().optional(),
      scenario: z.string().optional(),
    }),
  ),
});

export type SuiteSummary = z.infer<typeof schema>;

/** The summaries in a folder of results, newest first. What is no suite's summary is left out. */
export function readSummaries(results: string): SuiteSummary[] {
  if (!existsSync(results)) return [];
  return readdirSync(results)
    .flatMap((name) => readSummary(join(results, name, "summary.json")))
    .sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}

function readSummary(file: string): SuiteSummary[] {
  if (!existsSync(file)) return [];
  try {
    const { data } = schema.safeParse(JSON.parse(readFileSync(file, "utf8")));
    return data ? [data] : [];
  } catch {
    return []; // A run that is being written, or was cut off.
  }
}
