import { PostaError } from "../../errors/posta-error.js";

/** What a worker asks for. */
export interface LeaseRequest {
  /** The worker's name, which the job keeps as BullMQ's `pb`. */
  worker: string;
  /** The most jobs. */
  count: number;
  /** The most bytes of the jobs' data, options and progress together. One job is leased even if it is larger. */
  maxBytes: number;
  /** How long a lease lasts, in milliseconds. */
  leaseMs: number;
  /** Names the request among those of all callers. A request with the same key gets the same jobs; "": it has none. */
  repeatKey: string;
}

/** A job that a worker holds. Its texts are as Redis has them. */
export interface LeasedJob {
  id: string;
  /** The value of BullMQ's lock of the job: whoever has it may settle the job. */
  token: string;
  /** How often the job was begun, this time included. */
  attempt: number;
  /** How long the lease lasts from now on, in milliseconds; 0 or less: it has ended. */
  leaseMs: number;
  name: string;
  dataJson: string;
  optionsJson: string;
  progressJson: string;
  attemptsFailed: number;
  priority: number;
  /** When the job was added, in milliseconds since 1970. */
  createdMs: number;
  /** How often the job was taken from a worker that had lost its lease. */
  timesLost: number;
  /** After how many failed attempts the job fails for good. */
  maxAttempts: number;
  /** The caller's id of the request that added the job; "": it gave none. */
  requestId: string;
  /** When the job was due, if this is its first attempt, in milliseconds since 1970. */
  dueMs: number | undefined;
  /** The schedule that the job is a run of. */
  schedule: string | undefined;
}

/** A run of a schedule that no worker may get. Its server holds the lease, plans the schedule's next run, and then fails it. */
export interface DoomedRun {
  id: string;
  token: string;
  /** Why it fails. */
  reason: string;
  name: string;
  optionsJson: string;
  schedule: string;
}

/** What became of a leased job. Times are in milliseconds. */
export type Outcome =
  | { kind: "complete"; valueJson: string }
  | { kind: "fail"; message: string; stack: string; unrecoverable: boolean; retryMs: number | undefined }
  | { kind: "release" }
  | { kind: "postpone"; delayMs: number }
  | { kind: "rate-limited"; limitMs: number }
  | { kind: "cancelled"; message: string };

/** What happens while a job is worked on. */
export type Step = { kind: "progress"; json: string } | { kind: "log"; line: string } | { kind: "data"; json: string };

/** A job under a lease, as a worker names it. */
export interface LeaseName {
  jobId: string;
  token: string;
}

export interface Report extends LeaseName {
  outcome: Outcome;
}

/** Writes down a step of a job. The job stays with its worker. */
export interface Update extends LeaseName {
  step: Step;
}

/**
 * What Posta itself says of a job that it takes from its worker. unseen: no worker has seen the job, so it goes back in
 * line. stuck: the worker was told to stop and has not, so the job fails for good. What the worker reports later comes too
 * late.
 */
export interface Withdrawal extends LeaseName {
  outcome: { kind: "unseen" } | { kind: "stuck"; reason: string };
}

/** What is said of a job under a lease. */
export type Change = Report | Update | Withdrawal;

/** UTF-8 bytes of a change: the names of the lease, and what is written. */
export function bytesOf(change: Change): number {
  const texts = "step" in change ? textsOfStep(change.step) : textsOfOutcome(change.outcome);
  return [change.jobId, change.token, ...texts].reduce((bytes, text) => bytes + Buffer.byteLength(text), 0);
}

function textsOfStep(step: Step): string[] {
  return [step.kind === "log" ? step.line : step.json];
}

function textsOfOutcome(outcome: (Report | Withdrawal)["outcome"]): string[] {
  switch (outcome.kind) {
    case "complete":
      return [outcome.valueJson];
    case "fail":
      return [outcome.message, outcome.stack];
    case "cancelled":
      return [outcome.message];
    case "stuck":
      return [outcome.reason];
    default:
      return [];
  }
}

/** What a report or an update did to its job. */
export type Verdict = "applied" | "already-applied" | "lease-lost";

/** The form of a token: a random seed, the place among the jobs that were leased with that seed, and the attempt. */
const tokenForm = /^posta:[\w-]{22}:\d{1,4}:\d{1,15}$/;

/** Whether a text has the form of a token. */
export function isToken(text: string): boolean {
  return tokenForm.test(text);
}

/** The result of work that its caller no longer waited for. */
export function abandonedError(): PostaError {
  return new PostaError("expired", "the deadline passed before the store was asked; nothing was done");
}
