import { BatchMetrics } from "../../batching/batch-metrics.js";
import { InFlightLimit } from "../../batching/in-flight-limit.js";
import { PostaError, toPostaError } from "../../errors/posta-error.js";
import { type JobRequest, type JobSpec, parseJob } from "../job/job.js";
import { createJobIds } from "../job/job-ids.js";
import type { AddCaller, AddResult, PendingJob, QueueWriter } from "../job/pending-job.js";
import { toMetadata, withMetadata } from "../job/request-id.js";
import { QueueBatcher } from "./queue-batcher.js";

export interface AddLimits {
  maxJobBytes: number;
  maxPendingJobs: number;
  maxPendingBytes: number;
}

/** Where jobs go. Durable jobs have their own writer, and an order of their own. */
export interface Writers {
  plain: QueueWriter;
  durable: QueueWriter;
}

/** Stands for a job that could not even be read. `id` is the id that the job asked for, "" if it asked for none. */
export interface Refusal {
  id: string;
  error: PostaError;
}

/** A job that was checked: on its way, or refused. */
type Checked = PendingJob | (AddResult & { error: PostaError });

/** Adds jobs to queues: checks them, gives them ids, and hands them to the batcher of plain or of durable jobs. */
export class Adder {
  /** The metrics of plain and of durable batches. */
  readonly batches = { plain: new BatchMetrics(), durable: new BatchMetrics() };
  private readonly plain: QueueBatcher;
  private readonly durable: QueueBatcher;
  private readonly ids = createJobIds();
  private readonly inFlight: InFlightLimit;

  constructor(
    writers: Writers,
    private readonly limits: AddLimits,
  ) {
    this.plain = new QueueBatcher(writers.plain, this.batches.plain);
    this.durable = new QueueBatcher(writers.durable, this.batches.durable);
    const full = "too many jobs are on their way to the store; nothing was done";
    this.inFlight = new InFlightLimit({ items: limits.maxPendingJobs, bytes: limits.maxPendingBytes, full });
  }

  /** Adds one job. An error of the job is in the result. Throws exhausted if too much is on its way. */
  async add(queue: string, job: JobRequest | Refusal, caller: AddCaller): Promise<AddResult> {
    const [result] = await this.addAll(queue, [job], caller, singlePath);
    return result as AddResult;
  }

  /**
   * Adds jobs in order. Returns a result for each job: a bad job fails alone. Throws exhausted, and adds no job, if too
   * much is on its way. `pathOf` names a job in errors.
   */
  async addAll(
    queue: string,
    jobs: (JobRequest | Refusal)[],
    caller: AddCaller,
    pathOf = jobPath,
  ): Promise<AddResult[]> {
    this.inFlight.enter(jobs.length);
    const checked = this.checkAll(jobs, caller, pathOf);
    const bytes = checked.reduce((sum, job) => (isPending(job) ? sum + job.spec.dataBytes : sum), 0);
    this.inFlight.weigh(bytes);
    try {
      return await this.write(queue, checked, caller);
    } finally {
      this.inFlight.leave(jobs.length, bytes);
    }
  }

  /**
   * Like addAll, for a stream: the stream waits for space instead of being refused. The call that has waited longest
   * goes first.
   */
  addAllInTurn(queue: string, jobs: (JobRequest | Refusal)[], caller: AddCaller): Promise<AddResult[]> {
    return this.inFlight.inTurn(() => this.addAll(queue, jobs, caller));
  }

  /** Resolves when every job that was accepted has its result. */
  drain(): Promise<void> {
    return this.inFlight.untilEmpty();
  }

  /** Never throws. */
  private checkAll(jobs: (JobRequest | Refusal)[], caller: AddCaller, pathOf: (index: number) => string): Checked[] {
    const metadata = toMetadata(caller.requestId);
    return jobs.map((job, index) => {
      const spec = this.parse(job, metadata);
      if (spec instanceof PostaError) return { jobId: job.id ?? "", error: spec.within(pathOf(index)) };
      const fresh = spec.id === undefined;
      return { spec, id: spec.id ?? this.ids.generate().toString(), fresh, caller };
    });
  }

  private parse(job: JobRequest | Refusal, metadata: string | undefined): JobSpec | PostaError {
    if ("error" in job) return job.error;
    try {
      return withMetadata(parseJob(job, job.maxBytes ?? this.limits.maxJobBytes), metadata);
    } catch (error) {
      return toPostaError(error);
    }
  }

  /** Never rejects. Most calls have only plain jobs, so their results are in order already. */
  private write(queue: string, checked: Checked[], caller: AddCaller): Promise<AddResult[]> {
    return checked.every(isPlain) ? this.plain.push(queue, checked, caller) : this.writeApart(queue, checked, caller);
  }

  /** Writes plain and durable jobs at the same time, each kind by its own batcher. */
  private async writeApart(queue: string, checked: Checked[], caller: AddCaller): Promise<AddResult[]> {
    const [plain, durable] = await Promise.all([
      this.plain.push(queue, checked.filter(isPlain), caller),
      this.durable.push(queue, checked.filter(isDurable), caller),
    ]);
    let [nextPlain, nextDurable] = [0, 0];
    return checked.map((job) => {
      if (!isPending(job)) return job;
      return (job.spec.durable ? durable[nextDurable++] : plain[nextPlain++]) as AddResult;
    });
  }
}

function jobPath(index: number): string {
  return `jobs[${index}]`;
}

function singlePath(): string {
  return "job";
}

function isPending(job: Checked): job is PendingJob {
  return "spec" in job;
}

function isPlain(job: Checked): job is PendingJob {
  return "spec" in job && !job.spec.durable;
}

function isDurable(job: Checked): job is PendingJob {
  return "spec" in job && job.spec.durable;
}
