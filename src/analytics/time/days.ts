import type { Temporal as TemporalApi } from "temporal-polyfill";
import { invalid, show } from "../../errors/posta-error.js";
import { minuteMs, type Range } from "./range.js";

const dayMinutes = 24 * 60;
const maxNameLength = 64;

/** A stretch of time in which a zone's clocks stay at one offset, in minutes; it lasts until the next one's start. */
interface Stretch {
  start: number;
  offset: number;
}

/**
 * Where the days of a time zone begin: the start of the one that the range begins in, then each that begins in the range.
 *
 * The library is asked for the changes of the zone's clocks only, and the midnights between two changes are counted: ten
 * years of days cost it twenty questions and not 3650, which took 70 to 140 ms of the one thread that answers all calls.
 */
export async function dayStarts(range: Range, timeZone: string): Promise<number[]> {
  const utc = [{ start: range.start - (range.start % dayMinutes), offset: 0 }];
  const stretches = timeZone === "" ? utc : await stretchesOf(range, timeZone);
  const starts: number[] = [];
  let lastDay = Number.NEGATIVE_INFINITY;
  for (const [index, { start, offset }] of stretches.entries()) {
    const end = stretches[index + 1]?.start ?? range.end;
    // Clocks that are set over a midnight begin a day where they are set; set back over one, they begin none again.
    const firstMidnight = Math.ceil((start + offset) / dayMinutes) * dayMinutes - offset;
    for (let at = start; at < end; at = at === start && firstMidnight > at ? firstMidnight : at + dayMinutes) {
      const day = Math.floor((at + offset) / dayMinutes);
      if (day > lastDay) starts.push(at);
      lastDay = Math.max(lastDay, day);
    }
  }
  return starts;
}

/** From the day that the range begins in: the polyfill is loaded by the first call that needs it, for its 20 MB. */
async function stretchesOf(range: Range, timeZone: string): Promise<Stretch[]> {
  const { Temporal } = await import("temporal-polyfill");
  const end = range.end * minuteMs;
  const stretches: Stretch[] = [];
  let at: TemporalApi.ZonedDateTime | null = openZone(Temporal, range.start * minuteMs, timeZone).startOfDay();
  for (; at !== null && at.epochMilliseconds < end; at = at.getTimeZoneTransition("next")) {
    // Before about 1900 clocks ran by the sun, at offsets with seconds; counting begins in 1970.
    stretches.push({ start: at.epochMilliseconds / minuteMs, offset: Math.round(at.offsetNanoseconds / 6e10) });
  }
  return stretches;
}

/** Throws invalid for what is no IANA name; the library takes offsets and whole dates too. */
function openZone(temporal: typeof TemporalApi, ms: number, timeZone: string): TemporalApi.ZonedDateTime {
  if (timeZone.length <= maxNameLength && /^[A-Za-z][\w+\-/]*$/.test(timeZone)) {
    try {
      return temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone);
    } catch {
      // Falls through: a name that is not in the list.
    }
  }
  throw invalid("time_zone", `${show(timeZone)} is not an IANA time zone, as "Europe/Madrid" is`);
}
