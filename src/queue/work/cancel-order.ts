import type { LeaseName } from "./work.js";

/** The order to stop working on a job. */
export interface CancelOrder extends LeaseName {
  queue: string;
  reason: string;
  /**
   * When the job fails, whatever its worker does, in milliseconds since 1970: in Redis and between processes by Redis'
   * clock, in a server by its own.
   */
  endsAt: number;
}

/** An order as cancel-job.lua writes it: [id, token, reason, end]. */
export function readOrder(queue: string, json: string): CancelOrder {
  const [jobId, token, reason, endsAt] = JSON.parse(json) as [string, string, string, number];
  return { queue, jobId, token, reason, endsAt };
}
