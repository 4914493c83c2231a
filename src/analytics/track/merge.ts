import type { EventSpec } from "./event.js";
import { toRecent } from "./recent.js";

/** One minute of one series: what the batch adds to it. */
interface Cell {
  readonly minute: number;
  events: number;
  /** undefined: none of its events has a value. */
  sum: number | undefined;
}

/** One series: its place in the group's list, and its minutes. The minute that was counted last is looked at first. */
interface Member {
  readonly index: number;
  readonly cells: Cell[];
  last: Cell | undefined;
}

/** The events of one name in one hour. */
interface Group {
  readonly index: number;
  readonly hour: number;
  readonly name: string;
  readonly members: Map<string, Member>;
  readonly subjects: Set<string>;
  /** All events of the group, newest last. */
  readonly events: EventSpec[];
}

/** A group for track-events.lua: hour, name, members, cells (member, minute, events, sum or ""), subjects, recent. */
type PackedGroup = [number, string, string[], (number | string)[], string[], string[]];

/** An event with an id: id, group, minute, value or "", subject, place among the recent events, then its members. */
type PackedEvent = (number | string)[];

/** A batch of events, merged. */
export interface MergedBatch {
  groups: PackedGroup[];
  identified: PackedEvent[];
  /** The group of each event, in the order of the events. */
  groupOf: number[];
}

/**
 * Merges events of the same series and minute into one increment. Only events with an id stay apart, because only Redis
 * knows whether they count.
 */
export function mergeEvents(events: readonly EventSpec[], maxRecent: number): MergedBatch {
  const groups = new Groups();
  const identified: PackedEvent[] = [];
  const groupOf: number[] = [];
  for (const event of events) {
    const group = groups.of(event);
    groupOf.push(group.index);
    group.events.push(event);
    if (event.id === "") count(event, group);
    else identified.push(pack(event, group));
  }
  for (const event of identified) placeRecent(event, groups.all, maxRecent);
  return { groups: groups.all.map((group) => packGroup(group, maxRecent)), identified, groupOf };
}

class Groups {
  readonly all: Group[] = [];
  private readonly byHour = new Map<number, Map<string, Group>>();
  private last: Group | undefined;

  /** Most events have the name and the hour of the event before. */
  of({ hour, name }: EventSpec): Group {
    if (this.last?.name === name && this.last.hour === hour) return this.last;
    this.last = this.byHour.get(hour)?.get(name) ?? this.create(hour, name);
    return this.last;
  }

  private create(hour: number, name: string): Group {
    const index = this.all.length;
    const group = { index, hour, name, members: new Map(), subjects: new Set<string>(), events: [] };
    this.all.push(group);
    const names = this.byHour.get(hour);
    if (names) names.set(name, group);
    else this.byHour.set(hour, new Map([[name, group]]));
    return group;
  }
}

function count({ minute, value, members, subject }: EventSpec, group: Group): void {
  for (const member of members) {
    const cell = cellOf(memberOf(group, member), minute);
    cell.events += 1;
    if (value !== undefined) cell.sum = (cell.sum ?? 0) + value;
  }
  if (subject !== "") group.subjects.add(subject);
}

function memberOf({ members }: Group, name: string): Member {
  let member = members.get(name);
  if (!member) {
    member = { index: members.size, cells: [], last: undefined };
    members.set(name, member);
  }
  return member;
}

function cellOf(member: Member, minute: number): Cell {
  if (member.last?.minute === minute) return member.last;
  let cell = member.cells.find((known) => known.minute === minute);
  if (!cell) {
    cell = { minute, events: 0, sum: undefined };
    member.cells.push(cell);
  }
  member.last = cell;
  return cell;
}

/** The place among the recent events is not final: it is the place among all events of the group. */
function pack(event: EventSpec, group: Group): PackedEvent {
  const { id, minute, value = "", subject, members } = event;
  const indexes = members.map((member) => memberOf(group, member).index);
  return [id, group.index, minute, value, subject, group.events.length, ...indexes];
}

/** Sets the place among the kept events of the group. It counts from 1, as in Lua; 0 or less: the event is not kept. */
function placeRecent(event: PackedEvent, groups: Group[], maxRecent: number): void {
  const { events } = groups[event[1] as number] as Group;
  event[5] = (event[5] as number) - Math.max(0, events.length - maxRecent);
}

function packGroup({ hour, name, members, subjects, events }: Group, maxRecent: number): PackedGroup {
  const flat: (number | string)[] = [];
  for (const { index, cells } of members.values()) {
    for (const cell of cells) flat.push(index, cell.minute, cell.events, cell.sum ?? "");
  }
  return [hour, name, [...members.keys()], flat, [...subjects], events.slice(-maxRecent).map(toRecent)];
}
