import type { Host } from "./hosts.js";

/** A setting that hosts have set to different values. */
export interface SettingDifference {
  variable: string;
  /** For people who may see all: each value, and the hosts that have it. */
  detail: string;
}

/** Compares the settings that all hosts report. A host of another version may report fewer. */
export function findDifferences(hosts: readonly Host[]): SettingDifference[] {
  const variables = new Set(hosts.flatMap(({ settings }) => Object.keys(settings)));
  return [...variables].flatMap((variable) => {
    const namesOf = new Map<string, string[]>();
    for (const { name, settings } of hosts) {
      if (settings[variable] === undefined) continue;
      const value = String(settings[variable]) || "nothing";
      namesOf.set(value, [...(namesOf.get(value) ?? []), name]);
    }
    if (namesOf.size < 2) return [];
    const parts = [...namesOf].map(([value, names]) => `${value} on ${names.join(", ")}`);
    return [{ variable, detail: `${variable} differs between hosts: ${parts.join("; ")}` }];
  });
}
