import type { Check, Reading } from "../../src/health/check.js";
import type { Supervisor } from "./supervisor.js";

/**
 * Shows whether the last rolling restart was given up. Then old processes continue, perhaps together with new ones,
 * until the next rolling restart succeeds.
 */
export class RollCheck implements Check {
  readonly name = "rolling-restart";

  constructor(private readonly supervisors: readonly Supervisor[]) {}

  read(): Reading | undefined {
    const problem = this.supervisors.map(({ rollProblem }) => rollProblem).find(Boolean);
    if (problem) return { status: "DEGRADED", detail: `The last rolling restart was given up: ${problem}.` };
    const waits = this.supervisors.map(({ rollWaits }) => rollWaits).find(Boolean);
    return waits ? { status: "OK", detail: `A rolling restart waits: ${waits}.` } : undefined;
  }
}
