import { invalid, toPostaError } from "../../errors/posta-error.js";
import type { AddResult__Output as AddResultMessage } from "../../gen/posta/queue/v1/AddResult.js";
import type { Job__Output as JobMessage } from "../../gen/posta/queue/v1/Job.js";
import type { JobOptions__Output as OptionsMessage } from "../../gen/posta/queue/v1/JobOptions.js";
import type { Retention__Output as RetentionMessage } from "../../gen/posta/queue/v1/Retention.js";
import { toMs } from "../../rpc/contract/times.js";
import type { ToItem } from "../../rpc/status.js";
import type { Refusal } from "../add/add.js";
import type { JobRequest, Retention } from "../job/job.js";
import { maxIdBytes } from "../job/names.js";
import type { AddResult } from "../job/pending-job.js";

/** A job of a request, in the form of the domain. A refusal stands for an error that only the message can have. */
export function toJobOrRefusal({ name, dataJson, options }: JobMessage): JobRequest | Refusal {
  if (!options) return { name, dataJson };
  try {
    return { name, dataJson, ...toOptions(options) };
  } catch (error) {
    return { id: options.id, error: toPostaError(error) };
  }
}

function toOptions(options: OptionsMessage): Omit<JobRequest, "name" | "dataJson"> {
  const { id, priority, attempts, lifo, delay, backoff, keepOnComplete, keepOnFail, deduplication, durable } = options;
  return {
    lifo,
    durable,
    ...(id === "" ? {} : { id }),
    ...(priority === undefined ? {} : { priority }),
    ...(attempts === undefined ? {} : { attempts }),
    ...(delay ? { delayMs: toMs(delay, "options.delay") ?? 0 } : {}),
    ...(backoff ? { backoff: toBackoff(backoff, "options.backoff") } : {}),
    ...(keepOnComplete ? { keepOnComplete: toRetention(keepOnComplete, "options.keep_on_complete") } : {}),
    ...(keepOnFail ? { keepOnFail: toRetention(keepOnFail, "options.keep_on_fail") } : {}),
    ...(deduplication ? { deduplication: toDeduplication(deduplication, "options.deduplication") } : {}),
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

const outcomes = { added: "OUTCOME_ADDED", duplicate: "OUTCOME_DUPLICATE", spooled: "OUTCOME_SPOOLED" } as const;

/** The outcome of an add that did not fail. */
export function toOutcome(outcome: keyof typeof outcomes) {
  return outcomes[outcome];
}

/** One result of several. All results of an answer share `toItem`. */
export function toResultMessage(result: AddResult, toItem: ToItem): AddResultMessage {
  if (result.error) {
    return { jobId: shownId(result.jobId), outcome: "OUTCOME_UNSPECIFIED", error: toItem(result.error) };
  }
  return { jobId: result.jobId, outcome: outcomes[result.outcome], error: null };
}

/** Leaves out an id that is too long for any job: such an id may be as long as a request. */
function shownId(id: string): string {
  return id.length > maxIdBytes ? "" : id;
}
