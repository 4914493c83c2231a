import { readFileSync } from "node:fs";

const dayMs = 86_400_000;

/**
 * The requests of a file of perf/ghz/payloads: the mix that is sent in turn. A text "{today}", "{today-29d}" or
 * "{today+1d}" stands for the beginning of that day in UTC, so a range of days stays the same range as time passes.
 */
export function readPayloads(name: string, now = Date.now()): unknown[] {
  const text = readFileSync(new URL(`payloads/${name}`, import.meta.url), "utf8");
  const dated = text.replaceAll(/\{today(?:([+-]\d+)d)?\}/g, (_, days = "0") => {
    return new Date(Math.floor(now / dayMs) * dayMs + Number(days) * dayMs).toISOString();
  });
  return JSON.parse(dated) as unknown[];
}
