import { requireShortText, requireText } from "../../errors/check-text.js";
import { invalid, type PostaError, show } from "../../errors/posta-error.js";
import type { WorkAck } from "../../gen/posta/queue/v1/WorkAck.js";
import type { WorkCredit__Output as Credit } from "../../gen/posta/queue/v1/WorkCredit.js";
import type { WorkHello__Output as Hello } from "../../gen/posta/queue/v1/WorkHello.js";
import type { WorkLease__Output as Lease } from "../../gen/posta/queue/v1/WorkLease.js";
import { toMs } from "../../rpc/contract/times.js";
import type { CallContext } from "../../rpc/method.js";
import type { ToItem } from "../../rpc/status.js";
import { inRange } from "../job/job.js";
import type { HeldLease } from "../work/session/held-leases.js";
import type { SessionOptions } from "../work/session/session.js";
import type { Verdict } from "../work/work.js";
import { defaultLeaseMs, hour, maxNameBytes, second, toLeaseName, toResult } from "./convert-work.js";
import { requireMayWork } from "./queue-access.js";

const minLeaseMs = 3 * second;
const maxInFlight = 1000;

/** How a session works. Throws invalid. */
export function toSessionOptions({ worker, version, lease }: Hello): Omit<SessionOptions, "output"> {
  requireText(worker, "hello.worker", maxNameBytes);
  requireShortText(version, "hello.version", maxNameBytes);
  const leaseMs = toMs(lease, "hello.lease") ?? defaultLeaseMs;
  return { worker, version, leaseMs: inRange(leaseMs, minLeaseMs, hour, "hello.lease", " ms") };
}

interface QueueCredit {
  queue: string;
  max: number;
}

/** How many jobs of each queue a worker takes. Throws invalid, or forbidden for a queue that it may not work on. */
export function toCredits(credits: readonly Credit[], context: CallContext): QueueCredit[] {
  if (credits.length === 0) throw invalid("hello.credits", "is required");
  const seen = new Set<string>();
  return credits.map((credit, index) => {
    const at = `hello.credits[${index}]`;
    if (seen.has(credit.queue)) throw invalid(`${at}.queue`, `${show(credit.queue)} comes twice`);
    seen.add(credit.queue);
    return toCredit(credit, at, context);
  });
}

/** How many jobs of a queue a worker takes. `at`: the path of the credit in its message. */
export function toCredit({ queue, maxInFlight: max }: Credit, at: string, context: CallContext): QueueCredit {
  requireMayWork(queue, context, `${at}.queue`);
  return { queue, max: inRange(max, 0, maxInFlight, `${at}.max_in_flight`) };
}

/** The jobs that a worker has from an earlier session. Throws invalid, or forbidden. */
export function toResume(leases: readonly Lease[], context: CallContext): HeldLease[] {
  return leases.map(({ queue, ...lease }, index) => {
    requireMayWork(queue, context, `hello.resume[${index}].queue`);
    return { queue, sequence: 0, extendedAt: 0, ...toLeaseName(lease, `hello.resume[${index}]`) };
  });
}

/** JavaScript's numbers are exact up to 2^53 - 1. Beyond that, the acknowledgement would name another report. */
export function requireReportId(reportId: number, field: string): void {
  if (reportId > Number.MAX_SAFE_INTEGER)
    throw invalid(field, `${BigInt(reportId)} is over ${Number.MAX_SAFE_INTEGER}`);
}

/** The acknowledgement of a report or an update. All acknowledgements of an answer share `toItem`. */
export function toAck(
  { reportId, jobId }: { reportId: number; jobId: string },
  result: Verdict | PostaError,
  toItem: ToItem,
): WorkAck {
  return { reportId, result: toResult(jobId, result, toItem) };
}
