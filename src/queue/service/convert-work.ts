import { cutText, requireShortText, requireText } from "../../errors/check-text.js";
import { invalid, PostaError, show } from "../../errors/posta-error.js";
import type { Duration__Output as Duration } from "../../gen/google/protobuf/Duration.js";
import type { Fail__Output as FailMessage } from "../../gen/posta/queue/v1/Fail.js";
import type { JobUpdate__Output as UpdateMessage } from "../../gen/posta/queue/v1/JobUpdate.js";
import type { LeaseJobsRequest__Output as LeaseJobs } from "../../gen/posta/queue/v1/LeaseJobsRequest.js";
import type { OutcomeReport__Output as ReportMessage } from "../../gen/posta/queue/v1/OutcomeReport.js";
import type { ReportResult } from "../../gen/posta/queue/v1/ReportResult.js";
import { toMs } from "../../rpc/contract/times.js";
import type { ToItem } from "../../rpc/status.js";
import { inRange, parseData } from "../job/job.js";
import { maxExistingIdBytes, requireExistingJobId } from "../job/names.js";
import {
  isToken,
  type LeaseName,
  type LeaseRequest,
  type Outcome,
  type Report,
  type Step,
  type Update,
  type Verdict,
} from "../work/work.js";

export const second = 1000;
export const hour = 3600 * second;
const day = 24 * hour;

export const defaultLeaseMs = 30 * second;
const maxDelayMs = 3650 * day;
const maxWaitMs = 50 * second;
const maxBytes = 4 << 20;
/** The longest name of a worker, of what it runs, and of a request, in bytes of UTF-8. */
export const maxNameBytes = 128;
const defaultBytes = 1 << 20;
/** What a failed attempt may say, in bytes of UTF-8: a report that is refused for its length would never settle its job. */
const mostBytes = { message: 16 << 10, stack: 64 << 10, log: 16 << 10 };
const maxProgressBytes = 64 << 10;

/** What a worker of the caller asks for. Throws invalid. */
export function toLeaseRequest(request: LeaseJobs, caller: string): LeaseRequest {
  const { worker, maxJobs, maxBytes: bytes, lease, requestId } = request;
  requireText(worker, "worker", maxNameBytes);
  requireShortText(requestId, "request_id", maxNameBytes);
  return {
    worker,
    // The answer has the tokens of its jobs: another caller must not get it by the same names.
    repeatKey: requestId === "" ? "" : JSON.stringify([caller, worker, requestId]),
    count: inRange(maxJobs ?? 1, 1, 100, "max_jobs"),
    maxBytes: inRange(bytes ?? defaultBytes, 1, maxBytes, "max_bytes"),
    leaseMs: toLeaseMs(lease),
  };
}

/** How long a lease lasts, in milliseconds. Throws invalid. */
export function toLeaseMs(lease: Duration | null): number {
  return inRange(toMs(lease, "lease") ?? defaultLeaseMs, second, hour, "lease", " ms");
}

/** How long to wait for a job, in milliseconds. Throws invalid. */
export function toWaitMs({ wait }: LeaseJobs): number {
  return inRange(toMs(wait, "wait") ?? 0, 0, maxWaitMs, "wait", " ms");
}

/** A lease that a request names. Throws invalid. `at`: the path of the lease in the request. */
export function toLeaseName({ jobId, leaseToken }: { jobId: string; leaseToken: string }, at: string): LeaseName {
  requireExistingJobId(jobId, `${at}.job_id`);
  const field = `${at}.lease_token`;
  if (leaseToken === "") throw invalid(field, "is required");
  if (!isToken(leaseToken)) throw invalid(field, `${show(leaseToken)} is no token of a lease`);
  return { jobId, token: leaseToken };
}

const verdicts = {
  applied: "REPORT_VERDICT_APPLIED",
  "already-applied": "REPORT_VERDICT_ALREADY_APPLIED",
  "lease-lost": "REPORT_VERDICT_LEASE_LOST",
} as const satisfies Record<Verdict, string>;

/** What a report did. All results of an answer share `toItem`. */
export function toResult(jobId: string, result: Verdict | PostaError, toItem: ToItem): ReportResult {
  if (!(result instanceof PostaError)) return { jobId, verdict: verdicts[result] };
  // An id that no job can have may be as long as a request.
  return { jobId: jobId.length > maxExistingIdBytes ? "" : jobId, error: toItem(result) };
}

/** What each report or update of a call did. */
export function toResults(
  items: readonly { jobId: string }[],
  results: readonly (Verdict | PostaError)[],
  toItem: ToItem,
): ReportResult[] {
  return results.map((result, index) => toResult(items[index]?.jobId ?? "", result, toItem));
}

/** The most reports, or leases, in one message. */
const maxItems = 1000;

/** Throws invalid for an empty list, or a list that is too long. */
export function requireItems(items: readonly unknown[], field: string): void {
  if (items.length === 0) throw invalid(field, "is required");
  if (items.length > maxItems) throw invalid(field, `${items.length} items is over ${maxItems}`);
}

/** A report of a request, or what is wrong with it. `at`: the path of the report in the request. */
export function toReportOrError(report: ReportMessage, at: string, maxJobBytes: number): Report | PostaError {
  return orError(() => ({ ...toLeaseName(report, at), outcome: toOutcome(report, at, maxJobBytes) }));
}

/** An update of a request, or what is wrong with it. `at`: the path of the update in the request. */
export function toUpdateOrError(update: UpdateMessage, at: string, maxJobBytes: number): Update | PostaError {
  return orError(() => ({ ...toLeaseName(update, at), step: toStep(update, at, maxJobBytes) }));
}

function orError<Item>(convert: () => Item): Item | PostaError {
  try {
    return convert();
  } catch (error) {
    if (error instanceof PostaError) return error;
    throw error;
  }
}

function toStep({ update, progressJson, log, dataJson }: UpdateMessage, at: string, maxJobBytes: number): Step {
  switch (update) {
    case "progressJson": {
      const { dataJson: json } = parseData(progressJson ?? "", `${at}.progress_json`, maxProgressBytes);
      return { kind: "progress", json };
    }
    case "log":
      return { kind: "log", line: cutText(log ?? "", mostBytes.log) };
    case "dataJson":
      return { kind: "data", json: parseData(dataJson ?? "", `${at}.data_json`, maxJobBytes).dataJson };
    default:
      throw invalid(`${at}.update`, "is required: progress_json, log or data_json");
  }
}

function toOutcome(report: ReportMessage, at: string, maxJobBytes: number): Outcome {
  const { complete, fail, postpone, rateLimited, cancelled } = report;
  switch (report.outcome) {
    case "complete":
      return { kind: "complete", valueJson: toValue(complete?.returnValueJson ?? "", at, maxJobBytes) };
    case "fail":
      return toFailure(fail as FailMessage, `${at}.fail`);
    case "release":
      return { kind: "release" };
    case "postpone":
      return {
        kind: "postpone",
        delayMs: inRange(
          required(postpone?.delay, `${at}.postpone.delay`),
          1,
          maxDelayMs,
          `${at}.postpone.delay`,
          " ms",
        ),
      };
    case "rateLimited":
      return {
        kind: "rate-limited",
        limitMs: inRange(
          required(rateLimited?.duration, `${at}.rate_limited.duration`),
          1,
          day,
          `${at}.rate_limited.duration`,
          " ms",
        ),
      };
    case "cancelled":
      return { kind: "cancelled", message: cutText(cancelled?.message || "cancelled", mostBytes.message) };
    default:
      throw invalid(`${at}.outcome`, "is required: complete, fail, release, postpone, rate_limited or cancelled");
  }
}

function toValue(json: string, at: string, maxJobBytes: number): string {
  return json === "" ? "null" : parseData(json, `${at}.complete.return_value_json`, maxJobBytes).dataJson;
}

function toFailure({ message, stack, unrecoverable, retryDelay }: FailMessage, at: string): Outcome {
  const retryMs = toMs(retryDelay, `${at}.retry_delay`);
  if (retryMs !== undefined) inRange(retryMs, 0, 30 * day, `${at}.retry_delay`, " ms");
  return {
    kind: "fail",
    message: cutText(message, mostBytes.message),
    stack: cutText(stack, mostBytes.stack),
    unrecoverable,
    retryMs,
  };
}

function required(duration: Duration | null | undefined, field: string): number {
  const ms = toMs(duration, field);
  if (ms === undefined) throw invalid(field, "is required");
  return ms;
}
