import type { EventSpec } from "./event.js";

/** One minute of one series: what the batch adds to it. */
interface Cell {
  readonly member: number;
  readonly minute: number;
  events: number;
  /** undefined: none of its events has a value. */
  sum: number | undefined;
}

/** The events of one name in one hour. */
interface Group {
  readonly index: number;
  readonly hour: number;
  readonly name: string;
  /** Its series, by their place in the batch's list. */
  readonly members: Map<string, number>;
  readonly cells: Map<number, Cell>;
  readonly subjects: Set<string>;
  /** Newest last. */
  readonly recent: string[];
}

/** A group as track-events.lua takes it: hour, name, members, cells (member, minute, events, sum or ""), subjects, recent. */
type PackedGroup = [number, string, string[], (number | string)[], string[], string[]];

/** An event with an id: id, group, minute, value or "", subject, recent, then its members. */
type PackedEvent = (number | string)[];

/** What a batch of events amounts to. */
export interface MergedBatch {
  groups: PackedGroup[];
  identified: PackedEvent[];
  /** The group of each event, in their order. */
  groupOf: number[];
}

/**
 * Merges events: those of the same series and minute become one increment. Only events with an id stay apart, as whether
 * they count is known in Redis alone.
 */
export function mergeEvents(events: readonly EventSpec[], maxRecent: number): MergedBatch {
  const groups = new Groups();
  const identified: PackedEvent[] = [];
  const groupOf: number[] = [];
  for (const event of events) {
    const group = groups.of(event);
    groupOf.push(group.index);
    if (event.id === "") count(event, group);
    else identified.push(pack(event, group));
  }
  return { groups: groups.all.map((group) => packGroup(group, maxRecent)), identified, groupOf };
}

class Groups {
  readonly all: Group[] = [];
  private readonly byHour = new Map<number, Map<string, Group>>();
  private last: Group | undefined;

  /** Most events have the name and the hour of the one before. */
  of({ hour, name }: EventSpec): Group {
    if (this.last?.name === name && this.last.hour === hour) return this.last;
    this.last = this.byHour.get(hour)?.get(name) ?? this.create(hour, name);
    return this.last;
  }

  private create(hour: number, name: string): Group {
    const index = this.all.length;
    const group = { index, hour, name, members: new Map(), cells: new Map(), subjects: new Set<string>(), recent: [] };
    this.all.push(group);
    const names = this.byHour.get(hour);
    if (names) names.set(name, group);
    else this.byHour.set(hour, new Map([[name, group]]));
    return group;
  }
}

function count(event: EventSpec, group: Group): void {
  const { minute, value, members } = event;
  for (const member of members) {
    const cell = cellOf(group, memberOf(group, member), minute);
    cell.events += 1;
    if (value !== undefined) cell.sum = (cell.sum ?? 0) + value;
  }
  if (event.subject !== "") group.subjects.add(event.subject);
  group.recent.push(toRecent(event));
}

function memberOf({ members }: Group, member: string): number {
  const known = members.get(member);
  if (known !== undefined) return known;
  members.set(member, members.size);
  return members.size - 1;
}

function cellOf({ cells }: Group, member: number, minute: number): Cell {
  const key = member * 60 + minute;
  const known = cells.get(key);
  if (known) return known;
  const cell = { member, minute, events: 0, sum: undefined };
  cells.set(key, cell);
  return cell;
}

function pack(event: EventSpec, group: Group): PackedEvent {
  const { id, minute, value = "", subject, members } = event;
  return [
    id,
    group.index,
    minute,
    value,
    subject,
    toRecent(event),
    ...members.map((member) => memberOf(group, member)),
  ];
}

function packGroup({ hour, name, members, cells, subjects, recent }: Group, maxRecent: number): PackedGroup {
  const flat: (number | string)[] = [];
  for (const { member, minute, events, sum = "" } of cells.values()) flat.push(member, minute, events, sum);
  return [hour, name, [...members.keys()], flat, [...subjects], recent.slice(-maxRecent)];
}

/** An event as the list of a name's last events keeps it. */
function toRecent({ timeMs, id, subject, value, dimensions }: EventSpec): string {
  return JSON.stringify([timeMs, id, subject, value ?? null, dimensions]);
}
