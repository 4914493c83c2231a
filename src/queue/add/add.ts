import { BatchMetrics } from "../../batching/batch-metrics.js";
import { InFlightLimit } from "../../batching/in-flight-limit.js";
import { PendingCall } from "../../batching/pending-call.js";
import { PostaError, toPostaError } from "../../errors/posta-error.js";
import { type JobRequest, type JobSpec, parseJob } from "../job/job.js";
import { createJobIds } from "../job/job-ids.js";
import { toMetadata, withMetadata } from "../job/request-id.js";
import { type AddResult, type Caller, type Entry, QueueBatcher, type WriteBatch } from "./queue-batcher.js";

export interface AddLimits {
  maxJobBytes: number;
  maxPendingJobs: number;
  maxPendingBytes: number;
}

/** Writes batches of a queue; `earlier` as in {@link WriteBatch}. */
export interface QueueWriter {
  write(queue: string, ...args: Parameters<WriteBatch>): ReturnType<WriteBatch>;
}

/** Where jobs go: those that must be durable another way, and in an order of their own. */
export interface Writers {
  plain: QueueWriter;
  durable: QueueWriter;
}

/** Stands for a job that could not even be read; `id` is what it asked for, "" for none. */
export interface Refusal {
  id: string;
  error: PostaError;
}

/** Adds jobs to queues: checks them, gives them ids, and hands them to their queue's batcher. */
export class Adder {
  /** What the batchers of either kind do. */
  readonly batches = { plain: new BatchMetrics(), durable: new BatchMetrics() };
  /** Of the queues that jobs are on their way to; one at rest is dropped. */
  private readonly batchers = { plain: new Map<string, QueueBatcher>(), durable: new Map<string, QueueBatcher>() };
  private readonly ids = createJobIds();
  private readonly room: InFlightLimit;

  constructor(
    private readonly writers: Writers,
    private readonly limits: AddLimits,
  ) {
    const full = "too many jobs are on their way to the store; nothing was done";
    this.room = new InFlightLimit({ items: limits.maxPendingJobs, bytes: limits.maxPendingBytes, full });
  }

  /** Adds one job. What is wrong is in the result, not thrown, unless there is no room for it. */
  async add(queue: string, job: JobRequest | Refusal, caller: Caller): Promise<AddResult> {
    const [result] = await this.addAll(queue, [job], caller, () => "job");
    return result as AddResult;
  }

  /**
   * Adds jobs in order; answers a result for each, in which one bad job fails alone. Throws exhausted, and adds none, if
   * too much is on its way. `pathOf` names a job in errors.
   */
  addAll(
    queue: string,
    jobs: (JobRequest | Refusal)[],
    caller: Caller,
    pathOf = (index: number) => `jobs[${index}]`,
  ): Promise<AddResult[]> {
    return new Promise((resolve) => {
      this.room.enter(jobs.length);
      const call = new PendingCall<AddResult>(jobs.length, (results) => {
        this.room.leave(call.size, call.bytes);
        resolve(results);
      });
      const metadata = toMetadata(caller.requestId);
      for (const [index, job] of jobs.entries()) {
        const spec = this.parse(job, metadata);
        if (spec instanceof PostaError) call.settle(index, { jobId: job.id ?? "", error: spec.within(pathOf(index)) });
        else this.batcherOf(queue, spec).push(this.accept(spec, caller, call, index));
      }
    });
  }

  /** The same for a stream, which waits for room rather than be refused. Who waited longest goes first. */
  addAllInTurn(queue: string, jobs: (JobRequest | Refusal)[], caller: Caller): Promise<AddResult[]> {
    return new Promise((resolve) => this.room.queueUp(() => resolve(this.addAll(queue, jobs, caller))));
  }

  /** Resolves when every job that was accepted has its result. */
  drain(): Promise<void> {
    return this.room.untilEmpty();
  }

  private parse(job: JobRequest | Refusal, metadata: string | undefined): JobSpec | PostaError {
    if ("error" in job) return job.error;
    try {
      return withMetadata(parseJob(job, job.maxBytes ?? this.limits.maxJobBytes), metadata);
    } catch (error) {
      return toPostaError(error);
    }
  }

  private accept(spec: JobSpec, caller: Caller, call: PendingCall<AddResult>, index: number): Entry {
    call.bytes += spec.dataBytes;
    this.room.weigh(spec.dataBytes);
    const fresh = spec.id === undefined;
    return new PendingJob(spec, spec.id ?? this.ids.generate().toString(), fresh, caller, call, index);
  }

  private batcherOf(queue: string, { durable }: JobSpec): QueueBatcher {
    const way = durable ? "durable" : "plain";
    const batchers = this.batchers[way];
    let batcher = batchers.get(queue);
    if (!batcher) {
      batcher = new QueueBatcher(
        (batch, earlier) => this.writers[way].write(queue, batch, earlier),
        () => batchers.delete(queue),
        this.batches[way],
      );
      batchers.set(queue, batcher);
    }
    return batcher;
  }
}

class PendingJob implements Entry {
  constructor(
    readonly spec: JobSpec,
    readonly id: string,
    readonly fresh: boolean,
    readonly caller: Caller,
    private readonly call: PendingCall<AddResult>,
    private readonly index: number,
  ) {}

  settle(result: AddResult): void {
    this.call.settle(this.index, result);
  }
}
