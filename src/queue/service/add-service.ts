import { invalid, toPostaError } from "../../errors/posta-error.js";
import type { AddJobRequest__Output as AddJobRequest } from "../../gen/posta/queue/v1/AddJobRequest.js";
import type { AddJobResponse } from "../../gen/posta/queue/v1/AddJobResponse.js";
import type { AddJobsRequest__Output as AddJobsRequest } from "../../gen/posta/queue/v1/AddJobsRequest.js";
import type { AddJobsResponse } from "../../gen/posta/queue/v1/AddJobsResponse.js";
import type { Job__Output as JobMessage } from "../../gen/posta/queue/v1/Job.js";
import type { StreamAddJobsRequest__Output as StreamRequest } from "../../gen/posta/queue/v1/StreamAddJobsRequest.js";
import type { StreamAddJobsResponse } from "../../gen/posta/queue/v1/StreamAddJobsResponse.js";
import type { Adapter, CallContext } from "../../rpc/method.js";
import type { StatusMap } from "../../rpc/status.js";
import { AckStream } from "../../rpc/stream/ack-stream.js";
import type { Weight } from "../../rpc/stream/open-weight.js";
import type { Adder } from "../add/add.js";
import { requireUnreserved } from "../job/names.js";
import type { AddResult } from "../job/pending-job.js";
import { toJobOrRefusal, toOutcome, toResultMessage } from "./convert-job.js";
import { requireAllowed } from "./queue-access.js";

const maxJobs = 10_000;

/** The RPCs of QueueService that add jobs: AddJob, AddJobs, StreamAddJobs. */
export function addHandlers<Handler>(adapter: Adapter<Handler>, adder: Adder, statuses: StatusMap) {
  async function addJob({ queue, job }: AddJobRequest, context: CallContext): Promise<AddJobResponse> {
    requireMayAdd(queue, context);
    if (!job) throw invalid("job", "is required");
    const result = await adder.add(queue, toJobOrRefusal(job), context);
    if (result.error) throw result.error;
    return { jobId: result.jobId, outcome: toOutcome(result.outcome) };
  }

  async function addJobs({ queue, jobs }: AddJobsRequest, context: CallContext): Promise<AddJobsResponse> {
    requireMayAdd(queue, context);
    requireJobs(jobs);
    const results = await adder.addAll(queue, jobs.map(toJobOrRefusal), context);
    return { results: toResults(results) };
  }

  /** Adds the jobs of one message of a stream. An error of the whole message is the error of each of its jobs. */
  async function addMessage({ sequence, queue, jobs }: StreamRequest, context: CallContext) {
    let results: AddResult[];
    try {
      requireMayAdd(queue, context);
      results = await adder.addAllInTurn(queue, jobs.map(toJobOrRefusal), context);
    } catch (thrown) {
      const error = toPostaError(thrown);
      results = jobs.map(({ options }) => ({ jobId: options?.id ?? "", error }));
    }
    return { sequence, results: toResults(results) };
  }

  function toResults(results: AddResult[]) {
    const toItem = statuses.forItems();
    return results.map((result) => toResultMessage(result, toItem));
  }

  return {
    AddJob: adapter.unary(addJob),
    AddJobs: adapter.unary(addJobs),
    StreamAddJobs: adapter.bidi<StreamRequest, StreamAddJobsResponse>((stream, context, closing) => {
      return new AckStream(stream, { weigh, handle: (message) => addMessage(message, context) }, closing).run();
    }),
  };
}

function requireMayAdd(queue: string, context: CallContext): void {
  requireAllowed(queue, context);
  requireUnreserved(queue);
}

function weigh({ queue, jobs }: StreamRequest): Weight {
  requireJobs(jobs);
  return { items: jobs.length, bytes: jobs.reduce((bytes, job) => bytes + bytesOf(job), Buffer.byteLength(queue)) };
}

/** Bytes of a job's texts. */
function bytesOf({ name, dataJson, options }: JobMessage): number {
  const bytes = Buffer.byteLength(name) + Buffer.byteLength(dataJson);
  if (!options) return bytes;
  return bytes + Buffer.byteLength(options.id) + Buffer.byteLength(options.deduplication?.id ?? "");
}

function requireJobs(jobs: JobMessage[]): void {
  if (jobs.length === 0) throw invalid("jobs", "is required");
  if (jobs.length > maxJobs) throw invalid("jobs", `${jobs.length} items is over ${maxJobs}`);
}
