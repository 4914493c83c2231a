import { requireText } from "../../errors/check-text.js";
import { PostaError } from "../../errors/posta-error.js";
import type { CancelJobRequest__Output as CancelJob } from "../../gen/posta/queue/v1/CancelJobRequest.js";
import type { DrainWorkerRequest__Output as DrainWorker } from "../../gen/posta/queue/v1/DrainWorkerRequest.js";
import type { ExtendLeasesRequest__Output as ExtendLeases } from "../../gen/posta/queue/v1/ExtendLeasesRequest.js";
import type { ExtendLeasesResponse } from "../../gen/posta/queue/v1/ExtendLeasesResponse.js";
import type { LeaseJobsRequest__Output as LeaseJobs } from "../../gen/posta/queue/v1/LeaseJobsRequest.js";
import type { LeaseJobsResponse } from "../../gen/posta/queue/v1/LeaseJobsResponse.js";
import type { ListWorkersRequest__Output as ListWorkers } from "../../gen/posta/queue/v1/ListWorkersRequest.js";
import type { ListWorkersResponse } from "../../gen/posta/queue/v1/ListWorkersResponse.js";
import type { ReportOutcomesRequest__Output as ReportOutcomes } from "../../gen/posta/queue/v1/ReportOutcomesRequest.js";
import type { ReportOutcomesResponse } from "../../gen/posta/queue/v1/ReportOutcomesResponse.js";
import type { UpdateLeasedJobsRequest__Output as UpdateLeasedJobs } from "../../gen/posta/queue/v1/UpdateLeasedJobsRequest.js";
import type { WorkRequest__Output as WorkRequest } from "../../gen/posta/queue/v1/WorkRequest.js";
import type { WorkResponse } from "../../gen/posta/queue/v1/WorkResponse.js";
import type { Adapter, CallContext, CallKind } from "../../rpc/method.js";
import type { StatusMap } from "../../rpc/status.js";
import type { Logger } from "../../telemetry/log/log.js";
import { requireExistingJobId, requireUnreserved } from "../job/names.js";
import type { Leaser } from "../work/leaser.js";
import type { LeaseExtender } from "../work/leases/lease-extender.js";
import type { JobCanceller } from "../work/orders/cancel-job.js";
import type { WorkerDrain } from "../work/registry/drain-worker.js";
import type { WorkerLister } from "../work/registry/list-workers.js";
import type { WorkerRegistry } from "../work/registry/worker-registry.js";
import type { Reporter } from "../work/reporter.js";
import type { ConnectionLimits } from "../work/session/session-age.js";
import { toLeasedJob } from "./convert-leased-job.js";
import {
  maxNameBytes,
  requireItems,
  toLeaseMs,
  toLeaseName,
  toLeaseRequest,
  toReportOrError,
  toResults,
  toUpdateOrError,
  toWaitMs,
} from "./convert-work.js";
import { toCancelRequest, toExtendResult, toWorkerInfo } from "./convert-workers.js";
import { requireAllowed, requireMayWork } from "./queue-access.js";
import { WorkStream } from "./work-stream.js";

/** The parts that WorkerService calls. */
export interface WorkParts {
  registry: WorkerRegistry;
  lister: WorkerLister;
  drain: WorkerDrain;
  canceller: JobCanceller;
  leaser: Leaser;
  reporter: Reporter;
  extender: LeaseExtender;
  /** Throws unavailable if the store is known to be down, so that a call fails before any work. */
  requireStore(): void;
  connections: ConnectionLimits;
  maxJobBytes: number;
  log: Logger;
}

/** The RPCs of the workers. They convert requests and responses, and have no rules of their own. */
export function workerHandlers<Handler>(adapter: Adapter<Handler>, parts: WorkParts, statuses: StatusMap) {
  const { leaser, reporter, extender, requireStore, maxJobBytes } = parts;

  function onWork<Request extends { queue: string }, Response>(
    run: (request: Request, context: CallContext) => Promise<Response>,
    kind?: CallKind,
  ) {
    return adapter.unary(async (request: Request, context) => {
      requireMayWork(request.queue, context);
      requireStore();
      return run(request, context);
    }, kind);
  }

  async function leaseJobs(request: LeaseJobs, context: CallContext): Promise<LeaseJobsResponse> {
    const wanted = toLeaseRequest(request, context.principal.name);
    const leased = await leaser.lease(request.queue, wanted, toWaitMs(request), context);
    return { jobs: leased.jobs.map(toLeasedJob), drain: leased.isDrained };
  }

  async function reportOutcomes(
    { queue, reports }: ReportOutcomes,
    context: CallContext,
  ): Promise<ReportOutcomesResponse> {
    requireItems(reports, "reports");
    const checked = reports.map((report, index) => toReportOrError(report, `reports[${index}]`, maxJobBytes));
    const results = await reporter.report(queue, checked, context);
    return { results: toResults(reports, results, statuses.forItems()) };
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
    return {
      results: results.map((result, index) => {
        if (result instanceof PostaError) throw result;
        return toExtendResult(names[index]?.jobId ?? "", result);
      }),
    };
  }

  async function updateLeasedJobs({ queue, updates }: UpdateLeasedJobs, context: CallContext) {
    requireItems(updates, "updates");
    const checked = updates.map((update, index) => toUpdateOrError(update, `updates[${index}]`, maxJobBytes));
    const results = await reporter.update(queue, checked, context);
    return { results: toResults(updates, results, statuses.forItems()) };
  }

  async function listWorkers(request: ListWorkers, { principal }: CallContext): Promise<ListWorkersResponse> {
    const { queue: wanted, pageSize, pageToken } = request;
    const mayShow = (queue: string) => (wanted === "" || queue === wanted) && principal.mayUse("work", queue);
    const page = await parts.lister.list({ pageSize, pageToken, mayShow });
    return { workers: page.workers.map(toWorkerInfo), nextPageToken: page.nextPageToken };
  }

  async function drainWorker({ worker }: DrainWorker, { principal }: CallContext): Promise<Record<string, never>> {
    requireText(worker, "worker", maxNameBytes);
    await parts.drain.drain(worker, (queue) => principal.mayUse("work", queue));
    return {};
  }

  async function cancelJob(request: CancelJob, context: CallContext): Promise<Record<string, never>> {
    requireAllowed(request.queue, context);
    requireExistingJobId(request.jobId);
    requireUnreserved(request.queue);
    await parts.canceller.cancel(toCancelRequest(request));
    return {};
  }

  /** A call that is not of a worker. */
  function onStore<Request, Response>(run: (request: Request, context: CallContext) => Promise<Response>) {
    return adapter.unary(async (request: Request, context) => {
      requireStore();
      return run(request, context);
    });
  }

  return {
    Work: adapter.bidi<WorkRequest, WorkResponse>((stream, context, closing) => {
      return new WorkStream(stream, context, closing, { ...parts, statuses }).run();
    }),
    LeaseJobs: onWork(leaseJobs),
    ReportOutcomes: onWork(reportOutcomes, "settling"),
    ExtendLeases: onWork(extendLeases, "settling"),
    UpdateLeasedJobs: onWork(updateLeasedJobs),
    ListWorkers: onStore(listWorkers),
    DrainWorker: onStore(drainWorker),
    CancelJob: onStore(cancelJob),
  };
}
