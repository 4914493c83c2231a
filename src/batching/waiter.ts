/** The caller that waits for the results of a call. */
export interface Waiter {
  /** The caller is gone, or has been answered. */
  readonly cancelled: boolean;
  /** When the caller stops waiting, in milliseconds since 1970. */
  readonly deadline: number;
}

/** For work without a deadline: no caller waits, or the caller waits as long as the work takes. */
export const patientWaiter: Waiter = { cancelled: false, deadline: Number.POSITIVE_INFINITY };

/** Whether the caller no longer waits at `now`, in milliseconds since 1970. */
export function isAbandoned(waiter: Waiter, now: number): boolean {
  return waiter.cancelled || waiter.deadline <= now;
}
