import { isLoopback } from "./loopback.js";
import { findConflicts } from "./rules.js";
import { type Config, settings } from "./settings.js";

export type { Config };

/** Bad configuration. Each line of the message names a variable and the fix. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** What {@link readConfig} needs to know of a setting. */
interface Named {
  variable: string;
  /** The name that the setting had before, and how to write that name's value in today's form. */
  old?: { variable: string; convert: (value: string) => string };
}

/** Reads the settings from an environment. Throws a {@link ConfigError} that names every variable at fault. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(settings)) {
    const { variable, value, problem } = findValue(setting, env);
    const result = setting.schema.safeParse(value);
    if (result.success) values[key] = result.data;
    else problems.push(`${variable}: ${result.error.issues.map((issue) => issue.message).join(", ")}`);
    if (problem) problems.push(problem);
  }
  problems.push(...unknownVariables(env));
  fillDefaults(values, env);
  if (problems.length === 0) problems.push(...findConflicts(values as Config));
  if (problems.length > 0) throw new ConfigError(problems.join("\n"));
  return Object.freeze(values) as Config;
}

/** Sets the defaults that depend on other settings. */
function fillDefaults(values: Record<string, unknown>, env: NodeJS.ProcessEnv): void {
  const { maxIncomingBytes, maxMessageBytes, host } = values;
  if (!env[settings.maxIncomingBytes.variable])
    values.maxIncomingBytes = Math.max(Number(maxIncomingBytes), 2 * Number(maxMessageBytes));
  // No balancer of another machine reaches loopback.
  if (!env[settings.stopDelayMs.variable] && isLoopback(String(host))) values.stopDelayMs = 0;
}

/** A setting's value, and the variable that gave it. */
function findValue({ variable, old }: Named, env: NodeJS.ProcessEnv) {
  const value = env[variable] || undefined;
  const oldValue = (old && env[old.variable]) || undefined;
  if (!old || oldValue === undefined) return { variable, value };
  const problem = `${old.variable}: is the old name of ${variable}, which is set, too; remove ${old.variable}`;
  if (value !== undefined) return { variable, value, problem };
  return { variable: old.variable, value: old.convert(oldValue) };
}

/** Finds misspelt variables, which Posta would otherwise silently ignore. */
function unknownVariables(env: NodeJS.ProcessEnv): string[] {
  const known = new Set(Object.values<Named>(settings).flatMap(({ variable, old }) => [variable, old?.variable]));
  return Object.keys(env)
    .filter((name) => name.startsWith("POSTA_") && !known.has(name) && !isServiceLink(name, env[name]))
    .map((name) => `${name}: no such setting; docs/settings.md lists them all`);
}

/** Whether Kubernetes set this variable for a Service named posta. */
function isServiceLink(name: string, value = ""): boolean {
  return /_SERVICE_(HOST|PORT)(_\w+)?$|_PORT_\d+_(TCP|UDP)(_\w+)?$/.test(name) || /^(tcp|udp):\/\//.test(value);
}
