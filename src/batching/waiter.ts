/** Who waits for the results of a call. */
export interface Waiter {
  /** The caller is gone, or has been answered. */
  readonly cancelled: boolean;
  /** When the caller stops waiting, in milliseconds since 1970. */
  readonly deadline: number;
}

/** For work without a deadline: nobody waits for it, or somebody waits for as long as it takes. */
export const patientWaiter: Waiter = { cancelled: false, deadline: Number.POSITIVE_INFINITY };

/** Whether nobody waits any more at `now`, in milliseconds since 1970. */
export function isAbandoned(waiter: Waiter, now: number): boolean {
  return waiter.cancelled || waiter.deadline <= now;
}
