/** From good to bad. */
const checkStatuses = ["OK", "DEGRADED", "DOWN"] as const;
export type CheckStatus = (typeof checkStatuses)[number];

/** What a check found at one moment. */
export interface Reading {
  status: CheckStatus;
  /** How long the store's last answer took, or the event loop's worst delay; in milliseconds. */
  latencyMs?: number | undefined;
  /** A sentence for people. */
  detail: string;
  /** Nothing is known yet. The next reading shows at once, and does not count as a loss. */
  untried?: boolean;
}

/** Checks one thing, such as a store. */
export interface Check {
  readonly name: string;
  /** Returns what is known, without waiting for anything. Undefined: the check does not apply to this process. */
  read(): Reading | undefined;
}

/** What a check shows. Processes also send it to each other, and print it as JSON. */
export interface CheckState {
  name: string;
  status: CheckStatus;
  latencyMs?: number | undefined;
  /** When the check changed to this status, in milliseconds since 1970. */
  since: number;
  detail: string;
}

export function isWorse(one: CheckStatus, other: CheckStatus): boolean {
  return checkStatuses.indexOf(one) > checkStatuses.indexOf(other);
}

/** The overall health. Posta is there to take jobs: only a DOWN queue means DOWN. Any other bad status degrades. */
export function overall(checks: readonly CheckState[]): CheckStatus {
  if (checks.some(({ name, status }) => name === "queue" && status === "DOWN")) return "DOWN";
  return checks.every(({ status }) => status === "OK") ? "OK" : "DEGRADED";
}
