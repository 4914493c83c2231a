import type { Lock } from "../store/postgres/locks.js";
import type { Session } from "../store/postgres/session.js";
import type { LoopOptions } from "./loop.js";

/** Work that a process does again and again: what it is called, and how often it is done. */
interface Task extends LoopOptions {
  /** The metrics that show what the task does. The first one shows when it last succeeded, if there is such a metric. */
  metrics?: readonly string[];
  /** Is called once, with a function that begins the next run at once. */
  wokenBy?(wake: () => void): void;
}

/** A task that every process does for itself. */
export interface ProcessTask extends Task {
  /** `stopping` is aborted when the process stops: the run ends early then. */
  run(stopping: AbortSignal): Promise<void>;
}

/** A task that one process does for all that use the database: the one that holds the lock. */
export interface LeaderTask extends Task {
  leader: Lock;
  /** A NOTIFY on this channel begins the next run at once. */
  channel?: string;
  run(term: Term): Promise<void>;
  /** Another process leads, so its figures count. Is called whenever this process asked for the lock in vain. */
  onFollow?(): void;
}

/** A part that keeps a loop of its own, because it also works without a list of tasks. */
interface PartTask extends Omit<LoopOptions, "retryMs"> {
  metrics?: readonly string[];
  part: { start(): void; stop(): Promise<void> | void };
}

export type BackgroundTask = ProcessTask | LeaderTask | PartTask;

/** The time for which a process leads. */
export interface Term {
  /** The connection that holds the lock. */
  session: Session;
  /** For how long this process has led, in milliseconds. */
  readonly ledForMs: number;
  /** Aborted when the term is over or the process stops: a run finishes its step, and begins no other. */
  ending: AbortSignal;
}
