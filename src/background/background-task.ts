import type { Lock } from "../store/postgres/locks.js";
import type { Session } from "../store/postgres/session.js";
import type { LoopOptions } from "./loop.js";

/** Work that a process repeats, with its name and its interval. */
interface Task extends LoopOptions {
  /**
   * The metrics that show what the task does. The first one shows when the task last succeeded, if there is such a
   * metric.
   */
  metrics?: readonly string[];
  /** Called once, with a function that starts the next run at once. */
  wokenBy?(wake: () => void): void;
}

/** A task that every process does for itself. */
export interface ProcessTask extends Task {
  /** `stopping` is aborted when the process stops. The run then ends early. */
  run(stopping: AbortSignal): Promise<void>;
}

/** A task that only one process does for all that use the database: the process that holds the lock. */
export interface LeaderTask extends Task {
  leader: Lock;
  /** A NOTIFY on this channel starts the next run at once. */
  channel?: string;
  run(term: Term): Promise<void>;
  /**
   * Called each time this process asks for the lock and does not get it. Another process leads then, and its metrics
   * count.
   */
  onFollow?(): void;
}

/** A part with its own loop, because the part also works without a list of tasks. */
interface PartTask extends Omit<LoopOptions, "retryMs"> {
  metrics?: readonly string[];
  part: { start(): void; stop(): Promise<void> | void };
}

export type BackgroundTask = ProcessTask | LeaderTask | PartTask;

/** The time for which a process leads. */
export interface Term {
  /** The connection that holds the lock. */
  session: Session;
  /** How long this process has led, in milliseconds. */
  readonly ledForMs: number;
  /** Aborted when the term ends or the process stops. A run then finishes its current step and starts no other. */
  ending: AbortSignal;
}
