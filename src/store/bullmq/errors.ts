import { PostaError, show, wrongState } from "../../errors/posta-error.js";
import { toStoreError } from "../redis/errors.js";

/** The queue or the job that an operation was done on. */
export interface Subject {
  queue: string;
  /** undefined: on the queue as a whole. */
  jobId?: string | undefined;
}

/** Why a job cannot be changed, by the code of BullMQ's error. The text goes after "the job ...". */
const codes: Record<number, string> = {
  [-2]: "is with no worker any more",
  [-3]: "is not in a state that allows this",
  [-4]: "waits for other jobs",
  [-5]: "has a parent that is gone",
  [-6]: "is with another worker",
  [-7]: "has a parent that cannot be replaced",
  [-8]: "belongs to a schedule",
  [-9]: "has children that failed",
};
const jobNotExist = -1;

/** Errors of BullMQ that have only a text. */
const activeJobs = "Cannot obliterate queue with active jobs";
const texts: Record<string, string> = {
  [activeJobs]: "the queue has active jobs: use force",
  "Cannot obliterate non-paused queue":
    "the queue was resumed meanwhile: a part of its jobs may be removed; call again to go on",
};

/**
 * The error of an operation of BullMQ, in the domain's words. An error that neither this file nor {@link toStoreError}
 * knows becomes internal: its cause goes to the log.
 */
export function toQueueError(error: unknown, { queue, jobId }: Subject): PostaError {
  if (error instanceof PostaError) return error;
  const { code, message } = error as Error & { code?: unknown };
  if (typeof code === "number" && jobId !== undefined) {
    if (code === jobNotExist) return noSuchJob(queue, jobId);
    const why = codes[code];
    if (why !== undefined) return wrongState(`the job ${show(jobId)} ${why}`);
  }
  const known = texts[message];
  return known === undefined ? toStoreError(error) : wrongState(known);
}

export function noSuchJob(queue: string, id: string): PostaError {
  return new PostaError("not-found", `the queue ${show(queue)} has no job ${show(id)}`);
}

/** Whether an operation failed because workers have jobs of the queue. */
export function hasActiveJobs(error: unknown): boolean {
  return (error as Error).message === activeJobs;
}
