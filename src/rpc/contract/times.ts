import { invalid } from "../../errors/posta-error.js";
import type { Duration, Duration__Output } from "../../gen/google/protobuf/Duration.js";
import type { Timestamp, Timestamp__Output } from "../../gen/google/protobuf/Timestamp.js";

/** A Duration in milliseconds; undefined if it is absent. Rounds away from zero, so only a zero Duration becomes 0. */
export function toMs(duration: Duration__Output | null | undefined, field: string): number | undefined {
  if (!duration) return undefined;
  const { seconds, nanos } = duration;
  const mixed = (seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0);
  if (mixed || Math.abs(nanos) > 999_999_999) {
    throw invalid(field, `nanos ${nanos} is not within a second of the same sign`);
  }
  const ms = seconds * 1000 + nanos / 1e6;
  return ms < 0 ? Math.floor(ms) : Math.ceil(ms);
}

export function toDuration(ms: number): Duration {
  return { seconds: Math.trunc(ms / 1000), nanos: Math.round((ms % 1000) * 1e6) };
}

/** A time in milliseconds since 1970 as a Timestamp; null if it is absent. */
export function toTimestamp(ms: number | undefined): Timestamp | null {
  return ms === undefined ? null : { seconds: Math.floor(ms / 1000), nanos: Math.round((ms % 1000) * 1e6) };
}

/** The range of google.protobuf.Timestamp. */
const [minSeconds, maxSeconds] = [-62_135_596_800, 253_402_300_799];

/**
 * A Timestamp in milliseconds since 1970; undefined if it is absent. Cuts off anything finer. Rounding would move the
 * last moment of a minute into the next minute.
 */
export function toTimeMs(time: Timestamp__Output | null | undefined, field: string): number | undefined {
  if (!time) return undefined;
  const { seconds, nanos } = time;
  if (nanos < 0 || nanos > 999_999_999) throw invalid(field, `nanos ${nanos} is not from 0 to 999999999`);
  if (seconds < minSeconds || seconds > maxSeconds) {
    throw invalid(field, `seconds ${seconds} is not from ${minSeconds} to ${maxSeconds}: the years 1 to 9999`);
  }
  return seconds * 1000 + Math.floor(nanos / 1e6);
}
