/** Parts what callers chose in a key or a member: no name, dimension or value has a control character. */
export const separator = "\x1f";

/** What is counted: events of a name, all of them ("", "") or those with one value of a dimension. */
export interface Series {
  name: string;
  dimension: string;
  value: string;
}

/**
 * Every Redis key of the analytics is named here, and those that a batch is written to again in track-events.lua, which makes them of
 * what the batch holds. <hour> is whole hours since 1970 (UTC). All of them expire.
 */
export class Keys {
  constructor(readonly prefix: string) {}

  /** A set: names that have events in the hour. */
  names(hour: number): string {
    return `${this.prefix}:names:${hour}`;
  }

  /** A sorted set: the hour's series of a name by their events; members are {@link Keys.member}. */
  series(hour: number, name: string): string {
    return `${this.prefix}:series:${hour}:${name}`;
  }

  /** A series in that set: dimension, separator, value; the total is the separator alone. */
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

  /** A HyperLogLog: the same, past that. */
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

  /** The last events of a name, a list with the newest first; and how many it has ever been given. */
  recent(name: string): { list: string; pushed: string } {
    return { list: `${this.prefix}:recent:${name}`, pushed: `${this.prefix}:recent-pushed:${name}` };
  }

  /** What a read has computed. */
  cache(key: string): string {
    return `${this.prefix}:cache:${key}`;
  }

  /** A key for one script's run, which deletes it. */
  scratch(part: string): string {
    return `${this.prefix}:scratch:${part}`;
  }
}

/** How a series is called within its name: its dimension and value, which are "" for the total. */
export function seriesMember(dimension: string, value: string): string {
  return dimension + separator + value;
}

/** The series of all events of a name. */
export const totalMember = seriesMember("", "");
