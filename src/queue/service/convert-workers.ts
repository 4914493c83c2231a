import { requireShortText } from "../../errors/check-text.js";
import type { CancelJobRequest__Output as CancelJob } from "../../gen/posta/queue/v1/CancelJobRequest.js";
import type { CancelOrder as CancelOrderMessage } from "../../gen/posta/queue/v1/CancelOrder.js";
import type { ExtendResult as ExtendResultMessage } from "../../gen/posta/queue/v1/ExtendResult.js";
import type { WorkerInfo as WorkerInfoMessage } from "../../gen/posta/queue/v1/WorkerInfo.js";
import { toDuration, toMs } from "../../rpc/contract/times.js";
import { inRange } from "../job/job.js";
import type { CancelOrder } from "../work/cancel-order.js";
import type { ExtendResult } from "../work/leases/lease-extender.js";
import type { CancelRequest } from "../work/orders/cancel-job.js";
import type { WorkerInfo } from "../work/registry/worker-info.js";
import { toTime } from "./convert-info.js";

const defaultGraceMs = 30_000;
const maxGraceMs = 3_600_000;
const maxReasonBytes = 1024;

/** What is to be cancelled. Throws invalid. */
export function toCancelRequest({ queue, jobId, reason, grace }: CancelJob): CancelRequest {
  requireShortText(reason, "reason", maxReasonBytes);
  const graceMs = inRange(toMs(grace, "grace") ?? defaultGraceMs, 0, maxGraceMs, "grace", " ms");
  return { queue, jobId, reason, graceMs };
}

/** An order as its worker sees it: how long the worker still has. */
export function toCancelMessage({ reason, endsAt }: CancelOrder): CancelOrderMessage {
  return { reason, grace: toDuration(Math.max(endsAt - Date.now(), 0)) };
}

export function toExtendResult(jobId: string, { isHeld, cancel }: ExtendResult): ExtendResultMessage {
  return { jobId, held: isHeld, ...(cancel ? { cancel: toCancelMessage(cancel) } : {}) };
}

export function toWorkerInfo(info: WorkerInfo): WorkerInfoMessage {
  const { worker, version, inSession, queues, startedAt, seenAt, isDraining: draining } = info;
  return {
    worker,
    version,
    inSession,
    queues: queues.map(({ queue, max, inFlight }) => ({ queue, maxInFlight: max, inFlight })),
    startTime: toTime(String(startedAt)),
    seenTime: toTime(String(seenAt)),
    draining,
  };
}
