import { invalid } from "../../errors/posta-error.js";

/** [start, end) in whole minutes since 1970 (UTC). An `hour` is whole hours since 1970. The stores count so too. */
export interface Range {
  start: number;
  end: number;
}

export const hourMinutes = 60;
export const dayHours = 24;
export const minuteMs = 60_000;
export const hourMs = 3_600_000;

/** As callers write a time: google.protobuf.Timestamp. */
interface Timestamp {
  seconds: number;
  nanos: number;
}

const maxYears = 10;
const maxMinutes = maxYears * 366 * 24 * hourMinutes;
/** A Timestamp can be in the years 1 to 9999. Counting begins in 1970. */
const lastMinute = Date.UTC(9999, 11, 31, 23, 59) / minuteMs;
const unitSeconds = { minute: 60, hour: 3600 } as const;

/** Checks a range; both ends must be at whole minutes, or at whole hours. */
export function parseRange(start: Timestamp | null, end: Timestamp | null, unit: "minute" | "hour"): Range {
  const range = { start: parseTime(start, "start", unit), end: parseTime(end, "end", unit) };
  if (range.end <= range.start) throw invalid("end", `${show(range.end)} is not after start, ${show(range.start)}`);
  if (range.end - range.start > maxMinutes) {
    throw invalid("end", `${show(range.end)} is over ${maxYears} years after start, ${show(range.start)}`);
  }
  return range;
}

function parseTime(time: Timestamp | null, field: string, unit: "minute" | "hour"): number {
  if (!time) throw invalid(field, "is required");
  const { seconds, nanos } = time;
  if (nanos !== 0 || seconds % unitSeconds[unit] !== 0) {
    throw invalid(field, `${seconds} s and ${nanos} ns since 1970 is not a whole ${unit}`);
  }
  const minute = seconds / 60;
  if (minute < 0) throw invalid(field, `${seconds} s is before 1970`);
  if (minute > lastMinute) throw invalid(field, `${seconds} s since 1970 is after the year 9999`);
  return minute;
}

/** The hour that a minute lies in. */
export function hourOf(minute: number): number {
  return Math.floor(minute / hourMinutes);
}

/** The parts of a range before an hour, and from that hour on. A part is undefined if it is empty. */
export function splitAt({ start, end }: Range, hour: number): { before: Range | undefined; after: Range | undefined } {
  const seam = hour * hourMinutes;
  return {
    before: start < seam ? { start, end: Math.min(end, seam) } : undefined,
    after: end > seam ? { start: Math.max(start, seam), end } : undefined,
  };
}

/** A minute as a message shows it. */
function show(minute: number): string {
  return new Date(minute * minuteMs).toISOString();
}
