import { PostaError, show, wrongState } from "../../errors/posta-error.js";
import { requestIdOf } from "../job/request-id.js";
import { parseObject } from "../job/stored-json.js";
import type { Change, DoomedRun, LeasedJob, LeaseName, LeaseRequest, Verdict } from "./work.js";

/** Why a queue handed out nothing more. */
export interface LeaseHint {
  /** When to ask again, in milliseconds from now: the rate limit ends, or a delayed job is due. undefined: neither. */
  retryMs: number | undefined;
}

export interface WorkAnswer {
  verdicts: (Verdict | PostaError)[];
  /** The jobs of each lease request; undefined: the run was full, so the request is to come again. */
  leases: (LeasedJob[] | undefined)[];
  /** The runs that each lease request brought and that must fail. */
  doomed: DoomedRun[][];
  hint: LeaseHint;
}

type JobFields = (string | number | null)[];
/** What work-jobs.lua returns. */
export type Answer = [
  verdicts: string,
  leases: (JobFields[] | 0)[],
  doomed: (string | null)[][][],
  limitedMs: number,
  dueMs: number,
];

interface Asked {
  /** How long the answer took: the leases are that much shorter. */
  lateMs: number;
  changes: readonly Change[];
  requests: readonly LeaseRequest[];
}

/** Converts what the script returns. */
export function toAnswer(answer: Answer, { lateMs, changes, requests }: Asked): WorkAnswer {
  const [verdicts, leases, doomed, limitedMs, dueMs] = answer;
  const retryMs = limitedMs > 0 ? limitedMs : dueMs >= 0 ? dueMs : undefined;
  return {
    verdicts: changes.map((change, index) => toVerdict(verdicts[index] as string, change)),
    leases: requests.map(({ leaseMs }, index) => {
      return (leases[index] || undefined)?.map((fields) => toJob(fields, leaseMs - lateMs));
    }),
    doomed: doomed.map((runs) => runs.map(toDoomedRun)),
    hint: { retryMs },
  };
}

function toVerdict(code: string, { jobId }: LeaseName): Verdict | PostaError {
  switch (code) {
    case "0":
      return "applied";
    case "1":
      return "already-applied";
    case "2":
      return "lease-lost";
    case "5":
      return new PostaError("internal", `the job ${show(jobId)} is broken: another program may have written it`);
    default: {
      const problem = code === "3" ? "waits for jobs that are not done" : "waited for jobs that failed";
      return wrongState(`the job ${show(jobId)} ${problem}: it cannot complete`);
    }
  }
}

/** The script's answer has id, token and attempt, and then the fields in the order of `leasedFields`. */
function toJob(fields: JobFields, leaseMs: number): LeasedJob {
  const [id, token, attempt, name, data, , opts, , failed, priority, timestamp, progress, lost, schedule] = fields;
  const optionsJson = String(opts ?? "{}");
  const options = parseObject<{ attempts: unknown; delay: unknown; tm: unknown }>(optionsJson);
  const createdMs = Number(timestamp ?? 0);
  return {
    id: String(id),
    token: String(token),
    attempt: Number(attempt),
    leaseMs,
    name: String(name),
    dataJson: String(data ?? "{}"),
    optionsJson,
    progressJson: String(progress ?? "0"),
    attemptsFailed: Number(failed ?? 0),
    priority: Number(priority ?? 0),
    createdMs,
    timesLost: Number(lost ?? 0),
    maxAttempts: toMaxAttempts(options.attempts),
    requestId: requestIdOf(options) ?? "",
    dueMs: Number(attempt) === 1 ? createdMs + (Number(options.delay) || 0) : undefined,
    schedule: schedule == null ? undefined : String(schedule),
  };
}

function toDoomedRun(fields: (string | null)[]): DoomedRun {
  const [id = "", token = "", reason = "", name = "", optionsJson = "", schedule = ""] = fields.map(
    (text) => text ?? "",
  );
  return { id, token, reason, name, optionsJson, schedule };
}

/** Another program may have written something that is no number of attempts. */
function toMaxAttempts(attempts: unknown): number {
  return Number.isSafeInteger(attempts) ? Math.min(Math.max(Number(attempts), 1), 2 ** 31 - 1) : 1;
}
