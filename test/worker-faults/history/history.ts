import type { Added } from "../producer.js";
import type { Entry } from "../worker/ledger.js";

/** An event of a queue's stream, in Redis' order. `at`: by Redis' clock, in milliseconds. */
export interface QueueEvent {
  at: number;
  queue: string;
  job: string;
  event: string;
}

/** How a job is in the end. */
export interface Final {
  state: "completed" | "failed" | "unfinished";
  /** The return value as JSON, or why it failed. */
  value: string;
  /** How often it was begun. */
  attempts: number;
  /** How many of these count against the attempts that it may have. */
  made: number;
}

/** All that is known of a run. */
export interface History {
  /** Times of this and of the entries are on the clock of the events. */
  added: Added[];
  events: QueueEvent[];
  /** What all workers wrote. */
  entries: Entry[];
  /** By "queue/job". */
  finals: Map<string, Final>;
  /** The jobs that somebody wanted to cancel, as "queue/job". */
  cancelled: Set<string>;
  /** Keys of lines that are not empty in the end, each with how many jobs it has. */
  left: string[];
  leaseMs: number;
  /** Before this nothing was struck. */
  calmUntil: number;
  /** A clock was shifted: delays mean nothing. */
  shiftsClocks: boolean;
}

/** How an attempt ended. `undefined`: it did not. */
export type End = "completed" | "failed" | "waiting" | "delayed" | "stalled" | undefined;

/** The time between two events "active" of a job. */
export interface Attempt {
  number: number;
  begunAt: number;
  end: End;
  endedAt: number;
  /** What workers wrote about it. */
  entries: Entry[];
}

export interface JobHistory {
  added: Added;
  attempts: Attempt[];
  final: Final | undefined;
  isCancelled: boolean;
  events: QueueEvent[];
  /** What no order of events of one job can be. */
  oddities: string[];
  /** What workers wrote about attempts that the queue does not know. */
  strays: Entry[];
}

const ends = ["completed", "failed", "waiting", "delayed"];

export const keyOf = ({ queue, job }: { queue: string; job: string }): string => `${queue}/${job}`;

/** The history by job. */
export function toJobHistories({ added, events, entries, finals, cancelled }: History): Map<string, JobHistory> {
  const jobs = new Map<string, JobHistory>();
  for (const one of added)
    jobs.set(keyOf(one), {
      added: one,
      attempts: [],
      final: finals.get(keyOf(one)),
      isCancelled: cancelled.has(keyOf(one)),
      events: [],
      oddities: [],
      strays: [],
    });
  for (const event of events) {
    const job = jobs.get(keyOf(event));
    if (job) follow(job, event);
  }
  for (const entry of entries) {
    const job = jobs.get(keyOf(entry));
    const attempt = job?.attempts[entry.attempt - 1];
    if (attempt) attempt.entries.push(entry);
    else job?.strays.push(entry);
  }
  for (const { attempts } of jobs.values()) for (const attempt of attempts) attempt.entries.sort((a, b) => a.at - b.at);
  return jobs;
}

function follow(job: JobHistory, event: QueueEvent): void {
  job.events.push(event);
  const { at, event: what } = event;
  const last = job.attempts.at(-1);
  const number = job.attempts.length + 1;
  if (what === "active") {
    if (last && last.end === undefined) job.oddities.push(`was begun again while attempt ${last.number} was under way`);
    if (last?.end === "completed" || last?.end === "failed")
      job.oddities.push(`was begun again after it was ${last.end}`);
    job.attempts.push({ number, begunAt: at, end: undefined, endedAt: Number.POSITIVE_INFINITY, entries: [] });
  } else if (what === "stalled" && last)
    last.end = "stalled"; // BullMQ tells that it waits first.
  else if (ends.includes(what) && last?.end === undefined && last) [last.end, last.endedAt] = [what as End, at];
  else if (what === "completed" || what === "failed") job.oddities.push(`was ${what}, but no attempt was under way`);
}
