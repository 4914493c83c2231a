import { invalid, toPostaError } from "../errors.js";
import type { AddResult__Output as AddResultMessage } from "../gen/posta/queue/v1/AddResult.js";
import type { Job__Output as JobMessage } from "../gen/posta/queue/v1/Job.js";
import type { JobOptions__Output as OptionsMessage } from "../gen/posta/queue/v1/JobOptions.js";
import type { Retention__Output as RetentionMessage } from "../gen/posta/queue/v1/Retention.js";
import type { StatusMap } from "../grpc/status.js";
import { toMs } from "../grpc/times.js";
import type { JobRequest, Retention } from "./job.js";
import type { AddResult } from "./lane.js";

/** A job of a request, as the domain asks for it. Throws invalid for what only the message can get wrong. */
export function toJobRequest(job: JobMessage | null, path: string): JobRequest {
  if (!job) throw invalid(path, "is required");
  const { name, dataJson, options } = job;
  return options ? { name, dataJson, ...toOptions(options, `${path}.options`) } : { name, dataJson };
}

function toOptions(options: OptionsMessage, at: string): Omit<JobRequest, "name" | "dataJson"> {
  const { id, priority, attempts, lifo, delay, backoff, keepOnComplete, keepOnFail, deduplication } = options;
  return {
    lifo,
    ...(id === "" ? {} : { id }),
    ...(priority === undefined ? {} : { priority }),
    ...(attempts === undefined ? {} : { attempts }),
    ...(delay ? { delayMs: toMs(delay, `${at}.delay`) ?? 0 } : {}),
    ...(backoff ? { backoff: toBackoff(backoff, `${at}.backoff`) } : {}),
    ...(keepOnComplete ? { keepOnComplete: toRetention(keepOnComplete, `${at}.keep_on_complete`) } : {}),
    ...(keepOnFail ? { keepOnFail: toRetention(keepOnFail, `${at}.keep_on_fail`) } : {}),
    ...(deduplication ? { deduplication: toDeduplication(deduplication, `${at}.deduplication`) } : {}),
  };
}

const backoffTypes: Record<string, "fixed" | "exponential"> = {
  BACKOFF_TYPE_FIXED: "fixed",
  BACKOFF_TYPE_EXPONENTIAL: "exponential",
};

function toBackoff({ type, delay, jitter }: NonNullable<OptionsMessage["backoff"]>, at: string) {
  if (type !== "BACKOFF_TYPE_UNSPECIFIED" && !backoffTypes[type])
    throw invalid(`${at}.type`, `${type} is neither FIXED nor EXPONENTIAL`);
  return { type: backoffTypes[type], delayMs: toMs(delay, `${at}.delay`), jitter };
}

function toRetention({ age, count }: RetentionMessage, at: string): Retention {
  const ageMs = toMs(age, `${at}.age`);
  return { ...(ageMs === undefined ? {} : { ageMs }), ...(count === undefined ? {} : { count }) };
}

function toDeduplication({ id, ttl, extend, replace }: NonNullable<OptionsMessage["deduplication"]>, at: string) {
  const ttlMs = toMs(ttl, `${at}.ttl`);
  return { id, extend, replace, ...(ttlMs === undefined ? {} : { ttlMs }) };
}

const outcomes = { added: "OUTCOME_ADDED", duplicate: "OUTCOME_DUPLICATE" } as const;

/** The outcome of an add that did not fail. */
export function toOutcome(outcome: keyof typeof outcomes) {
  return outcomes[outcome];
}

/** One result among several. */
export function toResultMessage(result: AddResult, statuses: StatusMap): AddResultMessage {
  if (result.error) {
    return { jobId: result.jobId, outcome: "OUTCOME_UNSPECIFIED", error: statuses.toItem(result.error) };
  }
  return { jobId: result.jobId, outcome: outcomes[result.outcome], error: null };
}

/** A job that could not even be converted, as its result. */
export function toFailedResult(job: JobMessage, thrown: unknown): AddResult {
  return { jobId: job.options?.id ?? "", error: toPostaError(thrown) };
}
