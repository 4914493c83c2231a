/** Bounds for calls that bring no deadline, or too long a one; in milliseconds. Streams are not bounded. */
export interface Deadlines {
  defaultDeadlineMs: number;
  maxDeadlineMs: number;
}

/** How long a call may take, in milliseconds, of the time that its caller asks for; Infinity: it asks for none. */
export function allowedMs(askedMs: number, { defaultDeadlineMs, maxDeadlineMs }: Deadlines): number {
  return askedMs === Number.POSITIVE_INFINITY ? defaultDeadlineMs : Math.min(askedMs, maxDeadlineMs);
}
