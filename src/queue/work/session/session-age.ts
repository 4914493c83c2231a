/** The ages of connections at which they end, in milliseconds. */
export interface ConnectionLimits {
  /** A connection of this age takes no more calls. */
  maxAgeMs: number;
  /** The calls of such a connection may go on for so long. */
  graceMs: number;
}

/** A session leaves at a part of the greatest age. Sessions that began at the same time leave one by one. */
const [minPart, spread] = [0.7, 0.15];

/**
 * How long a session may last, in milliseconds, that begins on a connection of the age `ageMs`. It must leave before the
 * connection ends: then it would break without a word. On an old connection it has at least the grace, because the
 * connection has taken it. It does not leave at once there: its worker's next session may come on the same connection.
 */
export function sessionTime(ageMs: number, { maxAgeMs, graceMs }: ConnectionLimits): number {
  const part = minPart + Math.random() * spread;
  return ageMs < maxAgeMs * minPart ? maxAgeMs * part - ageMs : graceMs * part;
}
