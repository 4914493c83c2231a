import type { Role, Usage } from "./processes.js";

const fields = ["cpuSeconds", "systemSeconds", "waitSeconds", "wakeUps", "readsAndWrites", "bytesCopied"] as const;

/** What processes did in a time, added up. */
export type Counts = Record<(typeof fields)[number], number>;

/** What the processes of some roles did between two looks at them. A process that is new began with nothing. */
export function countBetween(before: Usage[], after: Usage[], roles: readonly Role[]): Counts {
  const earlier = new Map(before.map((usage) => [usage.pid, usage]));
  return addCounts(
    after.filter(({ role }) => roles.includes(role)).map((usage) => subtract(usage, earlier.get(usage.pid))),
  );
}

export function addCounts(all: readonly Counts[]): Counts {
  const entries = fields.map((field) => [field, all.reduce((total, one) => total + one[field], 0)]);
  return Object.fromEntries(entries) as Counts;
}

function subtract(after: Counts, before: Counts | undefined): Counts {
  return Object.fromEntries(fields.map((field) => [field, after[field] - (before?.[field] ?? 0)])) as Counts;
}
