import { readFileSync } from "node:fs";

/** What a run is judged by: limits.json. docs/fuzzing.md says why each is what it is. */
export interface Limits {
  /**
   * An answer of more than `freeBytes` has at most `timesRequest` bytes for each of its request's; that of a read at most `readBytes`.
   * Methods that need no token have limits of their own, reads or not.
   */
  answer: {
    freeBytes: number;
    timesRequest: number;
    readBytes: number;
    openFreeBytes: number;
    openTimesRequest: number;
  };
  /** CPU of one server for one request, which a stream may send many messages with; without a valid token, however large it is. */
  cpu: { freeSeconds: number; secondsPerMiB: number; secondsPerMessage: number; strangerSeconds: number };
  /** How much larger than before the run one process may be: at its peak, and a while after. */
  memory: { peakGrowthMib: number; settledGrowthMib: number };
  /** How long /livez may take, and the P99 of the delay of the worst event loop. */
  liveness: { answerMs: number; eventLoopP99Ms: number };
}

export function readLimits(): Limits {
  return JSON.parse(readFileSync(new URL("./limits.json", import.meta.url), "utf8")) as Limits;
}
