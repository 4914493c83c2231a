import { invalid } from "../../errors/posta-error.js";
import type { CleanQueueRequest__Output as CleanQueue } from "../../gen/posta/queue/v1/CleanQueueRequest.js";
import type { DrainQueueRequest__Output as DrainQueue } from "../../gen/posta/queue/v1/DrainQueueRequest.js";
import type { ListJobLogsRequest__Output as ListJobLogs } from "../../gen/posta/queue/v1/ListJobLogsRequest.js";
import type { ListJobsRequest__Output as ListJobs } from "../../gen/posta/queue/v1/ListJobsRequest.js";
import type { ListQueuesRequest__Output as ListQueues } from "../../gen/posta/queue/v1/ListQueuesRequest.js";
import type { ObliterateQueueRequest__Output as ObliterateQueue } from "../../gen/posta/queue/v1/ObliterateQueueRequest.js";
import type { RetryJobsRequest__Output as RetryJobs } from "../../gen/posta/queue/v1/RetryJobsRequest.js";
import type { SetQueueLimitsRequest__Output as SetQueueLimits } from "../../gen/posta/queue/v1/SetQueueLimitsRequest.js";
import type { UpdateJobRequest__Output as UpdateJob } from "../../gen/posta/queue/v1/UpdateJobRequest.js";
import { toMs } from "../../rpc/contract/times.js";
import type { Adapter, CallContext } from "../../rpc/method.js";
import type { StatusMap } from "../../rpc/status.js";
import type { Adder } from "../add/add.js";
import type { JobLister } from "../inspect/list-jobs.js";
import type { JobReader } from "../inspect/read-job.js";
import { listedStates, type QueueReader } from "../inspect/read-queue.js";
import { inRange, parseData, parseDelay, parsePriority } from "../job/job.js";
import { requireExistingJobId, requireUnreserved } from "../job/names.js";
import type { JobChanger } from "../manage/change-job.js";
import type { QueueChanger } from "../manage/change-queue.js";
import type { QueueObliterator } from "../manage/obliterate-queue.js";
import { addHandlers } from "./add-service.js";
import { toFullView, toJobInfo, toLimits, toQueue, toState } from "./convert-info.js";
import { requireAllowed } from "./queue-access.js";

/** The parts that QueueService calls. */
export interface QueueParts {
  adder: Adder;
  jobs: JobReader;
  lister: JobLister;
  queues: QueueReader;
  jobChanger: JobChanger;
  queueChanger: QueueChanger;
  obliterator: QueueObliterator;
  /** Throws unavailable if the store is known to be down, so that a call fails before any work. */
  requireStore(): void;
  maxJobBytes: number;
}

interface OfQueue {
  queue: string;
}
interface OfJob extends OfQueue {
  jobId: string;
}

/** The RPCs of the queues. They convert requests and responses, and have no rules of their own. */
export function queueHandlers<Handler>(adapter: Adapter<Handler>, parts: QueueParts, statuses: StatusMap) {
  const { adder, jobs, lister, queues, jobChanger, queueChanger, obliterator, requireStore, maxJobBytes } = parts;

  /** A call on a queue. Throws unless the caller may use the queue and the store is usable. */
  function onQueue<Request extends OfQueue, Response>(
    run: (request: Request, context: CallContext) => Promise<Response>,
  ) {
    return adapter.unary(async (request: Request, context) => {
      requireAllowed(request.queue, context);
      requireStore();
      return run(request, context);
    });
  }

  /** A call that changes or removes jobs. Posta's own queues are refused. */
  function onCallersQueue<Request extends OfQueue, Response>(
    run: (request: Request, context: CallContext) => Promise<Response>,
  ) {
    return onQueue(async (request: Request, context) => {
      requireUnreserved(request.queue);
      return run(request, context);
    });
  }

  function onJob<Request extends OfJob, Response>(run: (request: Request) => Promise<Response>) {
    return onQueue(async (request: Request) => {
      requireExistingJobId(request.jobId);
      return run(request);
    });
  }

  return {
    ...addHandlers(adapter, adder, statuses),

    GetJob: onJob(async ({ queue, jobId }: OfJob) => ({ job: toJobInfo(await jobs.get(queue, jobId), true) })),
    ListJobs: onQueue(async ({ queue, state, pageSize, pageToken, view }: ListJobs) => {
      const full = toFullView(view);
      const page = await lister.list({ queue, state: toState(state, listedStates), pageSize, pageToken, full });
      return { jobs: page.jobs.map((job) => toJobInfo(job, full)), nextPageToken: page.nextPageToken };
    }),
    ListJobLogs: onJob(({ queue, jobId, pageSize, pageToken }: ListJobLogs) => {
      return jobs.logs(queue, jobId, pageSize, pageToken);
    }),
    GetQueue: onQueue(async ({ queue }: OfQueue) => ({ queue: toQueue(await queues.get(queue)) })),
    ListQueues: adapter.unary(async ({ pageSize, pageToken }: ListQueues, { principal }) => {
      requireStore();
      const page = await queues.list(pageSize, pageToken, (queue) => principal.mayUse("queue", queue));
      return { queues: page.queues.map(toQueue), nextPageToken: page.nextPageToken };
    }),

    UpdateJob: onJob(async ({ queue, jobId, change, dataJson, priority, delay }: UpdateJob) => {
      requireUnreserved(queue);
      if (change === "dataJson") {
        await jobChanger.updateData(queue, jobId, parseData(dataJson ?? "", "data_json", maxJobBytes).dataJson);
      } else if (change === "priority") {
        await jobChanger.updatePriority(queue, jobId, parsePriority(priority, "priority"));
      } else if (change === "delay") {
        await jobChanger.updateDelay(queue, jobId, parseDelay(toMs(delay, "delay") ?? 0, "delay"));
      } else {
        throw invalid("change", "is required: data_json, priority or delay");
      }
      return {};
    }),
    RemoveJob: onJob(async ({ queue, jobId }: OfJob) => {
      requireUnreserved(queue);
      return done(jobChanger.removeJob(queue, jobId));
    }),
    RetryJob: onJob(async ({ queue, jobId }: OfJob) => done(jobChanger.retryJob(queue, jobId))),
    PromoteJob: onJob(async ({ queue, jobId }: OfJob) => done(jobChanger.promoteJob(queue, jobId))),
    RetryJobs: onQueue(async ({ queue, state }: RetryJobs, context) => {
      const from = state === "JOB_STATE_UNSPECIFIED" ? "failed" : toState(state, ["failed", "completed"]);
      return done(queueChanger.retryJobs(queue, from, context));
    }),
    PauseQueue: onQueue(async ({ queue }: OfQueue) => done(queueChanger.pause(queue))),
    ResumeQueue: onQueue(async ({ queue }: OfQueue) => done(queueChanger.resume(queue))),
    DrainQueue: onCallersQueue(async ({ queue, includeDelayed }: DrainQueue, context) => {
      return done(queueChanger.drain(queue, includeDelayed, context));
    }),
    CleanQueue: onCallersQueue(async ({ queue, state, olderThan, limit }: CleanQueue, context) => {
      const cleanable = toState(state, ["waiting", "delayed", "prioritized", "completed", "failed"]);
      const olderThanMs = parseDelay(toMs(olderThan, "older_than") ?? 0, "older_than");
      const most = limit === 0 ? 1000 : inRange(limit, 1, 10_000, "limit");
      const query = { queue, state: cleanable, notAfter: Date.now() - olderThanMs, limit: most };
      return queueChanger.clean(query, context);
    }),
    ObliterateQueue: onCallersQueue(async ({ queue, force }: ObliterateQueue, context) => {
      return done(obliterator.obliterate(queue, force, context));
    }),
    SetQueueLimits: onCallersQueue(async ({ queue, limits }: SetQueueLimits) =>
      done(queueChanger.setLimits(queue, toLimits(limits))),
    ),
  };
}

async function done(work: Promise<void>): Promise<Record<string, never>> {
  await work;
  return {};
}
