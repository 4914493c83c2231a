import { invalid } from "../errors.js";
import { requireShortText, requireText } from "../text.js";
import { seriesMember, totalMember } from "./keys.js";

/** An event as a caller states it; nothing of it is checked yet. */
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
  /** The hour that it counts in, from 1970, and the minute of that hour; UTC. */
  readonly hour: number;
  readonly minute: number;
  readonly id: string;
  readonly subject: string;
  readonly value: number | undefined;
  readonly dimensions: Record<string, string>;
  /** The series that it counts in: the total, and one for each dimension. */
  readonly members: readonly string[];
}

/** How far an event's time may be from the server's, in milliseconds. */
export interface EventLimits {
  analyticsMaxAgeMs: number;
  analyticsMaxLeadMs: number;
}

const minuteMs = 60_000;
const maxNameBytes = 128;
const maxSubjectBytes = 256;
const maxIdBytes = 128;
const maxDimensions = 8;
const maxKeyBytes = 64;
const maxValueBytes = 128;
const maxMagnitude = 1e15;

/** Checks an event. Throws invalid, naming its field. */
export function parseEvent(event: EventRequest, now: number, limits: EventLimits): EventSpec {
  const { name, id, subject, value, dimensions } = event;
  requireText(name, "name", maxNameBytes);
  requireShortText(id, "id", maxIdBytes);
  requireShortText(subject, "subject", maxSubjectBytes);
  if (value !== undefined) requireValue(value);
  const timeMs = parseTime(event.timeMs, now, limits);
  const minutes = Math.floor(timeMs / minuteMs);
  const hour = Math.floor(minutes / 60);
  const members = parseDimensions(dimensions);
  return { name, timeMs, hour, minute: minutes - hour * 60, id, subject, value, dimensions, members };
}

export function requireEventName(name: string, field = "name"): void {
  requireText(name, field, maxNameBytes);
}

export function requireDimension(key: string, field: string): void {
  requireText(key, field, maxKeyBytes);
}

export function requireDimensionValue(value: string, field: string): void {
  requireText(value, field, maxValueBytes);
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

function parseDimensions(dimensions: Record<string, string>): string[] {
  const members = [totalMember];
  for (const key in dimensions) {
    const value = dimensions[key] as string;
    requireDimension(key, "dimensions");
    requireDimensionValue(value, `dimensions[${JSON.stringify(key)}]`);
    members.push(seriesMember(key, value));
  }
  if (members.length > maxDimensions + 1) {
    throw invalid("dimensions", `${members.length - 1} dimensions is over ${maxDimensions}`);
  }
  return members;
}
