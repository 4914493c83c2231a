/** A worker as ListWorkers shows it. Times are in milliseconds since 1970. */
export interface WorkerInfo {
  worker: string;
  /** What the worker said that it runs; "": nothing. */
  version: string;
  inSession: boolean;
  queues: WorkerQueue[];
  startedAt: number;
  seenAt: number;
  isDraining: boolean;
}

/** A worker of this server. */
export interface Listed extends WorkerInfo {
  /** Names the entry among those of this server. */
  number: number;
  /** When something else than `seenAt` changed last, in milliseconds since 1970. */
  changedAt: number;
}

interface WorkerQueue {
  queue: string;
  /** The most jobs that the worker takes at a time; 0 without a session. */
  max: number;
  /** The jobs that the worker has now; 0 without a session. */
  inFlight: number;
}

/** Parts a worker's name, which has no control characters, from what makes its entry unique. */
const separator = "\0";

/** The name of an entry in the registry. Entries are in the order of these names. */
export function toMember(worker: string, server: string, number: number): string {
  return `${worker}${separator}${server}${separator}${number}`;
}

/** The server that keeps an entry. */
export function serverOf(member: string): string {
  return member.split(separator)[1] ?? "";
}

/** The members of all entries of a worker lie between these two. */
export function membersOf(worker: string): [from: string, to: string] {
  return [`[${worker}${separator}`, `(${worker}\x01`];
}
