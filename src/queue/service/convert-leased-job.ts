import type { LeasedJob as LeasedJobMessage } from "../../gen/posta/queue/v1/LeasedJob.js";
import { toDuration } from "../../rpc/contract/times.js";
import type { LeasedJob } from "../work/work.js";
import { toCount, toTime } from "./convert-info.js";

/** A leased job as its worker sees it. */
export function toLeasedJob(job: LeasedJob): LeasedJobMessage {
  return {
    jobId: job.id,
    name: job.name,
    dataJson: job.dataJson,
    leaseToken: job.token,
    attempt: job.attempt,
    attemptsFailed: toCount(String(job.attemptsFailed)),
    maxAttempts: job.maxAttempts,
    lease: toDuration(job.leaseMs),
    priority: toCount(String(job.priority)),
    createTime: toTime(String(job.createdMs)),
    progressJson: job.progressJson,
    optionsJson: job.optionsJson,
    timesLost: toCount(String(job.timesLost)),
    requestId: job.requestId,
  };
}
