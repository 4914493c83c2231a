import { requireShortText } from "../../errors/check-text.js";
import { invalid } from "../../errors/posta-error.js";
import { totalMember } from "../hot/keys.js";
import { minuteMs } from "../time/range.js";
import { CheckedTexts } from "./checked-texts.js";

/** An event as a caller sends it. Nothing is checked yet. */
export interface EventRequest {
  name: string;
  /** In milliseconds since 1970; undefined: now. */
  timeMs: number | undefined;
  /** "": none. */
  id: string;
  /** "": none. */
  subject: string;
  value: number | undefined;
  dimensions: Record<string, string>;
}

/** An event that can be counted. */
export interface EventSpec {
  readonly name: string;
  readonly timeMs: number;
  /** The hour since 1970 that the event counts in, and the minute of that hour; UTC. */
  readonly hour: number;
  readonly minute: number;
  readonly id: string;
  readonly subject: string;
  readonly value: number | undefined;
  readonly dimensions: Record<string, string>;
  /** The series that the event counts in: the total, and one for each dimension. */
  readonly members: readonly string[];
}

/** How far an event's time may be from the server's, in milliseconds. */
export interface EventLimits {
  analyticsMaxAgeMs: number;
  analyticsMaxLeadMs: number;
}

const maxSubjectBytes = 256;
const maxIdBytes = 128;
const maxDimensions = 8;
const maxMagnitude = 1e15;

/** Checks events. */
export class EventParser {
  private readonly texts = new CheckedTexts();

  constructor(private readonly limits: EventLimits) {}

  /** Throws invalid, naming the event's field. */
  parse(event: EventRequest, now: number): EventSpec {
    const { name, id, subject, value, dimensions } = event;
    this.texts.requireName(name);
    if (id !== "") requireShortText(id, "id", maxIdBytes);
    if (subject !== "") requireShortText(subject, "subject", maxSubjectBytes);
    if (value !== undefined) requireValue(value);
    const timeMs = parseTime(event.timeMs, now, this.limits);
    const minutes = Math.floor(timeMs / minuteMs);
    const hour = Math.floor(minutes / 60);
    const members = this.parseDimensions(dimensions);
    return { name, timeMs, hour, minute: minutes - hour * 60, id, subject, value, dimensions, members };
  }

  private parseDimensions(dimensions: Record<string, string>): string[] {
    const members = [totalMember];
    for (const key in dimensions) {
      if (members.length > maxDimensions) {
        throw invalid("dimensions", `${Object.keys(dimensions).length} dimensions is over ${maxDimensions}`);
      }
      members.push(this.texts.memberOf(key, dimensions[key] as string));
    }
    return members;
  }
}

function requireValue(value: number): void {
  if (!Number.isFinite(value)) throw invalid("value", `${value} is not a finite number`);
  if (Math.abs(value) > maxMagnitude) throw invalid("value", `${value} is not from -1e15 to 1e15`);
}

function parseTime(timeMs: number | undefined, now: number, limits: EventLimits): number {
  if (timeMs === undefined) return now;
  const ageMs = now - timeMs;
  const { analyticsMaxAgeMs, analyticsMaxLeadMs } = limits;
  if (ageMs > analyticsMaxAgeMs) {
    throw invalid("time", `${Math.round(ageMs / 1000)} s ago is over ${analyticsMaxAgeMs / 1000} s ago`);
  }
  if (-ageMs > analyticsMaxLeadMs) {
    throw invalid("time", `${Math.round(-ageMs / 1000)} s ahead is over ${analyticsMaxLeadMs / 1000} s ahead`);
  }
  return timeMs;
}
