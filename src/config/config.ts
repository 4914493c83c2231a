import { findConflicts } from "./rules.js";
import { defaultIncomingBytes } from "./settings/calls.js";
import { type Config, settings } from "./settings.js";

export type { Config };

/** Bad configuration. Each line of the message names a variable and the fix. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Reads the settings from an environment. Throws a {@link ConfigError} that names every variable at fault. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(settings)) {
    const result = setting.schema.safeParse(env[setting.variable] || undefined);
    if (result.success) values[key] = result.data;
    else problems.push(`${setting.variable}: ${result.error.issues.map((issue) => issue.message).join(", ")}`);
  }
  problems.push(...unknownVariables(env));
  if (!env[settings.maxIncomingBytes.variable]) {
    values.maxIncomingBytes = Math.max(defaultIncomingBytes, 2 * Number(values.maxMessageBytes));
  }
  if (problems.length === 0) problems.push(...findConflicts(values as Config));
  if (problems.length > 0) throw new ConfigError(problems.join("\n"));
  return Object.freeze(values) as Config;
}

/** Finds misspelt variables, which Posta would otherwise silently ignore. */
function unknownVariables(env: NodeJS.ProcessEnv): string[] {
  const known = new Set<string>(Object.values(settings).map((setting) => setting.variable));
  return Object.keys(env)
    .filter((name) => name.startsWith("POSTA_") && !known.has(name) && !isServiceLink(name, env[name]))
    .map((name) => `${name}: no such setting; docs/settings.md lists them all`);
}

/** Whether Kubernetes set this variable for a Service named posta. */
function isServiceLink(name: string, value = ""): boolean {
  return /_SERVICE_(HOST|PORT)(_\w+)?$|_PORT_\d+_(TCP|UDP)(_\w+)?$/.test(name) || /^(tcp|udp):\/\//.test(value);
}
