/** How something is, from good to bad. */
const checkStatuses = ["OK", "DEGRADED", "DOWN"] as const;
export type CheckStatus = (typeof checkStatuses)[number];

/** What a look at something found. */
export interface Reading {
  status: CheckStatus;
  /** How long the store's last answer took, or the event loop's worst delay; in milliseconds. */
  latencyMs?: number | undefined;
  /** A sentence for people. */
  detail: string;
  /** Nothing is known yet, and so nothing is lost. */
  untried?: boolean;
}

/** Something that is looked at. */
export interface Check {
  readonly name: string;
  /** Tells what is known, without waiting for anything; undefined: it has no place in this process. */
  read(): Reading | undefined;
}

/** What a check shows, as it is also sent from process to process and printed as JSON. */
export interface CheckState {
  name: string;
  status: CheckStatus;
  latencyMs?: number | undefined;
  /** Since when it has had this status, in milliseconds since 1970. */
  since: number;
  detail: string;
}

export function isWorse(one: CheckStatus, other: CheckStatus): boolean {
  return checkStatuses.indexOf(one) > checkStatuses.indexOf(other);
}

/** The health of a whole: it is there to take jobs, so it is DOWN if the queue is, and whatever else is bad degrades it. */
export function overall(checks: readonly CheckState[]): CheckStatus {
  if (checks.some(({ name, status }) => name === "queue" && status === "DOWN")) return "DOWN";
  return checks.every(({ status }) => status === "OK") ? "OK" : "DEGRADED";
}
