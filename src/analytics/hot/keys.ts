/** Separates callers' texts in a key or a member. No name, dimension or value has a control character. */
export const separator = "\x1f";

/** What is counted: all events of a name ("", ""), or the events of a name with one value of a dimension. */
export interface Series {
  name: string;
  dimension: string;
  value: string;
}

/**
 * Names every Redis key of the analytics. track-events.lua names the keys of a batch again: it makes them from the
 * batch. <hour> is whole hours since 1970 (UTC). All keys expire.
 */
export class Keys {
  constructor(readonly prefix: string) {}

  /** A set: names that have events in the hour. */
  names(hour: number): string {
    return `${this.prefix}:names:${hour}`;
  }

  /** A sorted set: the series of a name in the hour, by their number of events. Members are {@link Keys.member}. */
  series(hour: number, name: string): string {
    return `${this.prefix}:series:${hour}:${name}`;
  }

  /** A series in that set: dimension, separator, value. The total is the separator alone. */
  member(dimension: string, value: string): string {
    return seriesMember(dimension, value);
  }

  /** A hash: "<minute 0-59>" -> events, "s<minute>" -> sum of their values. */
  minutes(hour: number, { name, dimension, value }: Series): string {
    return `${this.prefix}:minutes:${hour}:${name}${separator}${this.member(dimension, value)}`;
  }

  /** A set: the hour's different subjects, while they are few. */
  subjects(hour: number, name: string): string {
    return `${this.prefix}:subjects:${hour}:${name}`;
  }

  /** A HyperLogLog: the hour's different subjects, when they are many. */
  hll(hour: number, name: string): string {
    return `${this.prefix}:hll:${hour}:${name}`;
  }

  /** The first hour that may still be written. */
  get closed(): string {
    return `${this.prefix}:closed`;
  }

  /** The first hour that is not in PostgreSQL yet. */
  get rolled(): string {
    return `${this.prefix}:rolled`;
  }

  /** A list of the last events of a name, newest first; and how many events were ever pushed to it. */
  recent(name: string): { list: string; pushed: string } {
    return { list: `${this.prefix}:recent:${name}`, pushed: `${this.prefix}:recent-pushed:${name}` };
  }

  /** The computed result of a read. */
  cache(key: string): string {
    return `${this.prefix}:cache:${key}`;
  }

  /** A key for one run of a script, which deletes the key. */
  scratch(part: string): string {
    return `${this.prefix}:scratch:${part}`;
  }
}

/** Identifies a series among all series of an event name. Dimension and value are "" for the total. */
export function seriesMember(dimension: string, value: string): string {
  return dimension + separator + value;
}

/** The series of all events of a name. */
export const totalMember = seriesMember("", "");
