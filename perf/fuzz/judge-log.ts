import { pino } from "pino";
import type { Fault } from "./judge-call.js";

/** pino writes a level as its number. */
const { error } = pino.levels.values as { error: number };

/** Which rules a line that Posta wrote to standard error breaks. */
export function judgeLine(line: string, secrets: readonly string[]): Fault[] {
  const secret = secrets.some((text) => line.includes(text));
  const shown = hideSecrets(line, secrets).slice(0, 300);
  const faults: Fault[] = secret ? [{ rule: "log", text: `a line holds a token or a secret: ${shown}` }] : [];
  const entry = parse(line);
  if (entry === undefined) return [...faults, { rule: "log", text: `a line is no JSON: ${shown}` }];
  return Number(entry.level) >= error ? [...faults, { rule: "error-log", text: shown }] : faults;
}

function parse(line: string): { level?: unknown } | undefined {
  try {
    const entry = JSON.parse(line);
    return typeof entry === "object" && entry !== null ? entry : undefined;
  } catch {
    return undefined;
  }
}

function hideSecrets(line: string, secrets: readonly string[]): string {
  return secrets.reduce((text, secret) => text.replaceAll(secret, "<secret>"), line);
}
