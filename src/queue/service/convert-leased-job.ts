import type { LeasedJob as LeasedJobMessage } from "../../gen/posta/queue/v1/LeasedJob.js";
import { toDuration, toTimestamp } from "../../rpc/contract/times.js";
import { parseObject } from "../job/stored-json.js";
import type { LeasedJob } from "../work/work.js";

/** A leased job as its worker sees it. */
export function toLeasedJob(job: LeasedJob): LeasedJobMessage {
  const { attempts } = parseObject<{ attempts: number }>(job.optionsJson);
  return {
    jobId: job.id,
    name: job.name,
    dataJson: job.dataJson,
    leaseToken: job.token,
    attempt: job.attempt,
    attemptsFailed: toCount(job.attemptsFailed),
    maxAttempts: Math.max(toCount(attempts), 1),
    lease: toDuration(job.leaseMs),
    priority: toCount(job.priority),
    createTime: toTimestamp(job.createdMs > 0 ? job.createdMs : undefined),
    progressJson: job.progressJson,
    optionsJson: job.optionsJson,
    timesLost: toCount(job.timesLost),
  };
}

/** Another program may have written something that is no number, or a number that does not fit the contract. */
function toCount(value: unknown): number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31 ? (value as number) : 0;
}
