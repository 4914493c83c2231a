import { PostaError } from "../../errors/posta-error.js";
import type { ExtendLeasesRequest__Output as ExtendLeases } from "../../gen/posta/queue/v1/ExtendLeasesRequest.js";
import type { ExtendLeasesResponse } from "../../gen/posta/queue/v1/ExtendLeasesResponse.js";
import type { LeaseJobsRequest__Output as LeaseJobs } from "../../gen/posta/queue/v1/LeaseJobsRequest.js";
import type { LeaseJobsResponse } from "../../gen/posta/queue/v1/LeaseJobsResponse.js";
import type { ReportOutcomesRequest__Output as ReportOutcomes } from "../../gen/posta/queue/v1/ReportOutcomesRequest.js";
import type { ReportOutcomesResponse } from "../../gen/posta/queue/v1/ReportOutcomesResponse.js";
import type { WorkRequest__Output as WorkRequest } from "../../gen/posta/queue/v1/WorkRequest.js";
import type { WorkResponse } from "../../gen/posta/queue/v1/WorkResponse.js";
import type { Adapter, CallContext } from "../../rpc/method.js";
import type { StatusMap } from "../../rpc/status.js";
import type { LeaseExtender } from "../work/lease-extender.js";
import type { Leaser } from "../work/leaser.js";
import type { Reporter } from "../work/reporter.js";
import type { Session } from "../work/session/session.js";
import { toLeasedJob } from "./convert-leased-job.js";
import {
  requireItems,
  toLeaseMs,
  toLeaseName,
  toLeaseRequest,
  toReportOrError,
  toResult,
  toWaitMs,
} from "./convert-work.js";
import { requireMayWork } from "./queue-access.js";
import { WorkStream } from "./work-stream.js";

/** The parts that WorkerService calls. */
export interface WorkParts {
  /** The open sessions of this server. */
  sessions: Set<Session>;
  leaser: Leaser;
  reporter: Reporter;
  extender: LeaseExtender;
  /** Throws unavailable if the store is known to be down, so that a call fails before any work. */
  requireStore(): void;
  maxJobBytes: number;
}

/** The RPCs of the workers. They convert requests and responses, and have no rules of their own. */
export function workerHandlers<Handler>(adapter: Adapter<Handler>, parts: WorkParts, statuses: StatusMap) {
  const { leaser, reporter, extender, requireStore, maxJobBytes } = parts;

  function onWork<Request extends { queue: string }, Response>(
    run: (request: Request, context: CallContext) => Promise<Response>,
  ) {
    return adapter.unary(async (request: Request, context) => {
      requireMayWork(request.queue, context);
      requireStore();
      return run(request, context);
    });
  }

  async function leaseJobs(request: LeaseJobs, context: CallContext): Promise<LeaseJobsResponse> {
    const jobs = await leaser.lease(request.queue, toLeaseRequest(request), toWaitMs(request), context);
    return { jobs: jobs.map(toLeasedJob) };
  }

  async function reportOutcomes(
    { queue, reports }: ReportOutcomes,
    context: CallContext,
  ): Promise<ReportOutcomesResponse> {
    requireItems(reports, "reports");
    const checked = reports.map((report, index) => toReportOrError(report, `reports[${index}]`, maxJobBytes));
    const results = await reporter.report(queue, checked, context);
    const toItem = statuses.forItems();
    return { results: results.map((result, index) => toResult(reports[index]?.jobId ?? "", result, toItem)) };
  }

  async function extendLeases(request: ExtendLeases, context: CallContext): Promise<ExtendLeasesResponse> {
    const { queue, leases } = request;
    requireItems(leases, "leases");
    const names = leases.map((lease, index) => toLeaseName(lease, `leases[${index}]`));
    const results = await extender.extend(queue, names, {
      leaseMs: toLeaseMs(request.lease),
      isShown: true,
      waiter: context,
    });
    const failed = results.find((result) => result instanceof PostaError);
    if (failed) throw failed;
    return { results: names.map(({ jobId }, index) => ({ jobId, held: results[index] === true })) };
  }

  return {
    Work: adapter.bidi<WorkRequest, WorkResponse>((stream, context, closing) => {
      return new WorkStream(stream, context, closing, { ...parts, statuses }).run();
    }),
    LeaseJobs: onWork(leaseJobs),
    ReportOutcomes: onWork(reportOutcomes),
    ExtendLeases: onWork(extendLeases),
  };
}
