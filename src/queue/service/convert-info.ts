import { cutText } from "../../errors/check-text.js";
import { invalid } from "../../errors/posta-error.js";
import type { JobInfo } from "../../gen/posta/queue/v1/JobInfo.js";
import type { JobState } from "../../gen/posta/queue/v1/JobState.js";
import type { Queue } from "../../gen/posta/queue/v1/Queue.js";
import type { QueueLimits__Output as LimitsMessage } from "../../gen/posta/queue/v1/QueueLimits.js";
import { toDuration, toMs, toTimestamp } from "../../rpc/contract/times.js";
import type { FoundState, State, StoredJob } from "../inspect/read-job.js";
import type { QueueFigures, QueueLimits } from "../inspect/read-queue.js";
import { inRange } from "../job/job.js";
import { parseTraces } from "../job/stored-json.js";

const stateMessages = {
  waiting: "JOB_STATE_WAITING",
  active: "JOB_STATE_ACTIVE",
  delayed: "JOB_STATE_DELAYED",
  prioritized: "JOB_STATE_PRIORITIZED",
  "waiting-children": "JOB_STATE_WAITING_CHILDREN",
  completed: "JOB_STATE_COMPLETED",
  failed: "JOB_STATE_FAILED",
  orphaned: "JOB_STATE_ORPHANED",
} as const satisfies Record<FoundState, JobState>;

const statesByMessage = new Map<unknown, FoundState>(
  Object.entries(stateMessages).map(([state, message]) => [message, state as FoundState]),
);

/** The state that a request names. Throws invalid if the request names no state, or a state that is not `allowed`. */
export function toState<S extends State>(message: unknown, allowed: readonly S[]): S {
  const state = statesByMessage.get(message);
  // A number is a value that this version of the contract does not know.
  if (state === undefined)
    throw invalid("state", typeof message === "number" ? `${message} is no state` : "is required");
  if (!allowed.includes(state as S)) throw invalid("state", `${message} is not one of ${allowed.join(", ")}`);
  return state as S;
}

/** Whether a list's view is the full one. Throws invalid for an unknown view. */
export function toFullView(view: unknown): boolean {
  if (view === "JOB_VIEW_FULL") return true;
  if (view === "JOB_VIEW_BASIC" || view === "JOB_VIEW_UNSPECIFIED") return false;
  throw invalid("view", `${view} is not a JobView`);
}

/** The most bytes of a job's failure reason in lists of the BASIC view. */
const maxBriefReason = 1024;

/** The contract's names of the fields that may be cut. */
const cutNames: Record<string, string> = {
  name: "name",
  data: "data_json",
  opts: "options_json",
  progress: "progress_json",
  returnvalue: "return_value_json",
  failedReason: "failed_reason",
  stacktrace: "stacktrace",
  deid: "deduplication_id",
  pb: "worker_name",
};

/** A job as callers see it. `full`: with all fields that may be large. */
export function toJobInfo({ id, state, score, fields, cut }: StoredJob, full: boolean): JobInfo {
  const { failedReason = "" } = fields;
  return {
    id,
    name: fields.name ?? "",
    state: stateMessages[state],
    dataJson: full ? (fields.data ?? "{}") : "",
    optionsJson: fields.opts ?? "{}",
    priority: toCount(fields.priority),
    delay: toDuration(toNumber(fields.delay, maxTimeMs) ?? 0),
    attemptsMade: toCount(fields.attemptsMade ?? fields.atm),
    attemptsStarted: toCount(fields.ats),
    progressJson: fields.progress ?? "0",
    returnValueJson: full ? (fields.returnvalue ?? "") : "",
    failedReason: full ? failedReason : cutText(failedReason, maxBriefReason),
    stacktrace: full ? toStacktrace(fields.stacktrace, cut.includes("stacktrace")) : [],
    createTime: toTime(fields.timestamp),
    processTime: toTime(fields.processedOn),
    finishTime: toTime(fields.finishedOn),
    // The low 12 bits of a delayed job's score order the jobs that are due in the same millisecond.
    dueTime: state === "delayed" && score !== undefined ? toTime(String(Math.floor(score / 0x1000))) : null,
    deduplicationId: fields.deid ?? "",
    workerName: fields.pb ?? "",
    cutFields: cut.map((name) => cutNames[name] ?? name),
  };
}

/** The years 1970 to 9999, in milliseconds. */
const maxTimeMs = 253_402_300_799_999;

/** Another program may have written something that is no number, or a number that does not fit the contract. */
function toNumber(text: string | undefined, max = 2 ** 31 - 1): number | undefined {
  const number = Number(text);
  return text !== undefined && number >= 0 && number <= max ? number : undefined;
}

/** A count as another program may have written it; 0 if it is none. */
export function toCount(text: string | undefined): number {
  return Math.trunc(toNumber(text) ?? 0);
}

/** A time in milliseconds since 1970, as another program may have written it; null if it is none. */
export function toTime(text: string | undefined) {
  return toTimestamp(toNumber(text, maxTimeMs));
}

function toStacktrace(json = "[]", isCut = false): string[] {
  return parseTraces(isCut ? fromNextTrace(json) : json);
}

/**
 * `json` is the end of a list of texts, and begins in the middle of a text. Returns a list of the texts after that one.
 */
function fromNextTrace(json: string): string {
  const end = json.search(/(?<!\\)","/);
  return end < 0 ? "[]" : `[${json.slice(end + 2)}`;
}

/** A queue as callers see it. */
export function toQueue(figures: QueueFigures): Queue {
  const { name, counts, paused, limits, completedPerSecond, failedPerSecond, oldestDueAgeMs, addedTotal } = figures;
  const { concurrency, rate, maxEvents } = limits;
  return {
    name,
    paused,
    addedTotal,
    counts: { ...counts, waitingChildren: counts["waiting-children"] },
    limits: {
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(rate ? { rate: { max: rate.max, duration: toDuration(rate.durationMs) } } : {}),
      ...(maxEvents === undefined ? {} : { maxEvents }),
    },
    rates: { completedPerSecond, failedPerSecond },
    oldestDueAge: oldestDueAgeMs === undefined ? null : toDuration(oldestDueAgeMs),
  };
}

/** The limits that a request sets. Throws invalid. */
export function toLimits(message: LimitsMessage | null): QueueLimits {
  const { concurrency, rate, maxEvents } = message ?? {};
  if (concurrency !== undefined) inRange(concurrency, 1, 1_000_000, "limits.concurrency");
  if (maxEvents !== undefined) inRange(maxEvents, 0, 1_000_000, "limits.max_events");
  return {
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(maxEvents === undefined ? {} : { maxEvents }),
    ...(rate ? { rate: toRate(rate) } : {}),
  };
}

function toRate({ max, duration }: NonNullable<LimitsMessage["rate"]>): NonNullable<QueueLimits["rate"]> {
  const durationMs = toMs(duration, "limits.rate.duration");
  if (durationMs === undefined) throw invalid("limits.rate.duration", "is required");
  inRange(max, 1, 1_000_000, "limits.rate.max");
  inRange(durationMs, 1, 24 * 3_600_000, "limits.rate.duration", " ms");
  return { max, durationMs };
}
