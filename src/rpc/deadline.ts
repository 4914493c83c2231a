/** Bounds for calls with no deadline or with one that is too long, in milliseconds. Streams are not bounded. */
export interface Deadlines {
  defaultDeadlineMs: number;
  maxDeadlineMs: number;
}

/** How long a call may take, in milliseconds. `askedMs` is the caller's own limit; Infinity: the caller set none. */
export function allowedMs(askedMs: number, { defaultDeadlineMs, maxDeadlineMs }: Deadlines): number {
  return askedMs === Number.POSITIVE_INFINITY ? defaultDeadlineMs : Math.min(askedMs, maxDeadlineMs);
}
