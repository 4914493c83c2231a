import { invalid } from "../errors.js";
import type { JobInfo } from "../gen/posta/queue/v1/JobInfo.js";
import type { JobState } from "../gen/posta/queue/v1/JobState.js";
import type { Queue } from "../gen/posta/queue/v1/Queue.js";
import type { QueueLimits__Output as LimitsMessage } from "../gen/posta/queue/v1/QueueLimits.js";
import { toDuration, toMs, toTimestamp } from "../grpc/times.js";
import { cutText } from "../text.js";
import { inRange } from "./job.js";
import type { State, StoredJob } from "./read-job.js";
import type { QueueFigures, QueueLimits } from "./read-queue.js";
import { parseOr } from "./stored-json.js";

const stateMessages = {
  waiting: "JOB_STATE_WAITING",
  active: "JOB_STATE_ACTIVE",
  delayed: "JOB_STATE_DELAYED",
  prioritized: "JOB_STATE_PRIORITIZED",
  "waiting-children": "JOB_STATE_WAITING_CHILDREN",
  completed: "JOB_STATE_COMPLETED",
  failed: "JOB_STATE_FAILED",
} as const satisfies Record<State, JobState>;

const statesByMessage = new Map<unknown, State>(
  Object.entries(stateMessages).map(([state, message]) => [message, state as State]),
);

/** A state that a request names; throws invalid for none, or for one that is not `allowed`. */
export function toState<S extends State>(message: unknown, allowed: readonly S[]): S {
  const state = statesByMessage.get(message);
  // A number is a value that this version of the contract does not know.
  if (state === undefined)
    throw invalid("state", typeof message === "number" ? `${message} is no state` : "is required");
  if (!allowed.includes(state as S)) throw invalid("state", `${message} is not one of ${allowed.join(", ")}`);
  return state as S;
}

export const allStates = Object.keys(stateMessages) as State[];

/** Whether a list's view is the full one. Throws invalid for a view that there is not. */
export function toFullView(view: unknown): boolean {
  if (view === "JOB_VIEW_FULL") return true;
  if (view === "JOB_VIEW_BASIC" || view === "JOB_VIEW_UNSPECIFIED") return false;
  throw invalid("view", `${view} is not a JobView`);
}

/** In lists of the BASIC view a job says at most this much of why it failed, in bytes. */
const maxBriefReason = 1024;

/** The contract's names of what may be cut. */
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

/** A job as callers see it; `full`: with all that may be large. */
export function toJobInfo({ id, state, score, fields, cut }: StoredJob, full: boolean): JobInfo {
  const { failedReason = "" } = fields;
  return {
    id,
    name: fields.name ?? "",
    state: stateMessages[state],
    dataJson: full ? (fields.data ?? "{}") : "",
    optionsJson: fields.opts ?? "{}",
    priority: Number(fields.priority ?? 0),
    delay: toDuration(Number(fields.delay ?? 0)),
    attemptsMade: Number(fields.attemptsMade ?? fields.atm ?? 0),
    attemptsStarted: Number(fields.ats ?? 0),
    progressJson: fields.progress ?? "0",
    returnValueJson: full ? (fields.returnvalue ?? "") : "",
    failedReason: full ? failedReason : cutText(failedReason, maxBriefReason),
    stacktrace: full ? toStacktrace(fields.stacktrace, cut.includes("stacktrace")) : [],
    createTime: toTime(fields.timestamp),
    processTime: toTime(fields.processedOn),
    finishTime: toTime(fields.finishedOn),
    // BullMQ keeps a delayed job's turn in the low 12 bits of its score.
    dueTime: state === "delayed" && score !== undefined ? toTimestamp(Math.floor(score / 0x1000)) : null,
    deduplicationId: fields.deid ?? "",
    workerName: fields.pb ?? "",
    cutFields: cut.map((name) => cutNames[name] ?? name),
  };
}

function toTime(text: string | undefined) {
  return toTimestamp(text === undefined ? undefined : Number(text));
}

function toStacktrace(json = "[]", isCut = false): string[] {
  const traces: unknown = parseOr(isCut ? fromNextTrace(json) : json, []);
  return Array.isArray(traces) ? traces.map(String) : [];
}

/** The end of a list of texts, which begins within one of them, as a list of those after that. */
function fromNextTrace(json: string): string {
  const end = json.search(/(?<!\\)","/);
  return end < 0 ? "[]" : `[${json.slice(end + 2)}`;
}

/** A queue as callers see it. */
export function toQueue(figures: QueueFigures): Queue {
  const { name, counts, paused, limits, completedPerSecond, failedPerSecond, oldestDueAgeMs, addedTotal } = figures;
  const { concurrency, rate } = limits;
  return {
    name,
    paused,
    addedTotal,
    counts: { ...counts, waitingChildren: counts["waiting-children"] },
    limits: {
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(rate ? { rate: { max: rate.max, duration: toDuration(rate.durationMs) } } : {}),
    },
    rates: { completedPerSecond, failedPerSecond },
    oldestDueAge: oldestDueAgeMs === undefined ? null : toDuration(oldestDueAgeMs),
  };
}

/** The limits that a request sets. Throws invalid. */
export function toLimits(message: LimitsMessage | null): QueueLimits {
  const { concurrency, rate } = message ?? {};
  if (concurrency !== undefined) inRange(concurrency, 1, 1_000_000, "limits.concurrency");
  if (!rate) return concurrency === undefined ? {} : { concurrency };
  const durationMs = toMs(rate.duration, "limits.rate.duration");
  if (durationMs === undefined) throw invalid("limits.rate.duration", "is required");
  inRange(rate.max, 1, 1_000_000, "limits.rate.max");
  inRange(durationMs, 1, 24 * 3_600_000, "limits.rate.duration", " ms");
  return { ...(concurrency === undefined ? {} : { concurrency }), rate: { max: rate.max, durationMs } };
}
