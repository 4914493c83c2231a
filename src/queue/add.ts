import { PostaError, toPostaError } from "../errors.js";
import { PendingCall } from "../pending-call.js";
import type { BatchWriter } from "./batch.js";
import { type JobRequest, type JobSpec, parseJob } from "./job.js";
import { createJobIds } from "./job-ids.js";
import { type AddResult, type Caller, type Entry, Lane } from "./lane.js";

export interface AddLimits {
  maxJobBytes: number;
  maxPendingJobs: number;
  maxPendingBytes: number;
}

/** Stands for a job that could not even be read; `id` is what it asked for, "" for none. */
export interface Refusal {
  id: string;
  error: PostaError;
}

/** Adds jobs to queues: checks them, gives them ids, and hands them to their queue's lane. */
export class Adder {
  /** Of the queues that jobs are on their way to; one at rest is dropped. */
  private readonly lanes = new Map<string, Lane>();
  private readonly ids = createJobIds();
  private pendingJobs = 0;
  private pendingBytes = 0;
  private idle: (() => void) | undefined;
  /** Streams that wait for room, in their order. */
  private readonly roomless: (() => void)[] = [];

  constructor(
    private readonly writer: BatchWriter,
    private readonly limits: AddLimits,
  ) {}

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
      this.requireRoom();
      const call = new PendingCall<AddResult>(jobs.length, (results) => {
        this.release(call);
        resolve(results);
      });
      this.pendingJobs += jobs.length;
      const lane = this.laneOf(queue);
      for (const [index, job] of jobs.entries()) {
        const spec = this.parse(job);
        if (spec instanceof PostaError) call.settle(index, { jobId: job.id ?? "", error: spec.within(pathOf(index)) });
        else lane.push(this.accept(spec, caller, call, index));
      }
    });
  }

  /** The same for a stream, which waits for room rather than be refused. Who waited longest goes first. */
  addAllInTurn(queue: string, jobs: (JobRequest | Refusal)[], caller: Caller): Promise<AddResult[]> {
    return new Promise((resolve) => {
      this.roomless.push(() => resolve(this.addAll(queue, jobs, caller)));
      this.letIn();
    });
  }

  /** Resolves when every job that was accepted has its result. */
  async drain(): Promise<void> {
    if (this.pendingJobs === 0) return;
    await new Promise<void>((resolve) => {
      this.idle = resolve;
    });
  }

  private parse(job: JobRequest | Refusal): JobSpec | PostaError {
    if ("error" in job) return job.error;
    try {
      return parseJob(job, this.limits.maxJobBytes);
    } catch (error) {
      return toPostaError(error);
    }
  }

  private accept(spec: JobSpec, caller: Caller, call: PendingCall<AddResult>, index: number): Entry {
    const bytes = spec.dataJson.length;
    call.bytes += bytes;
    this.pendingBytes += bytes;
    const fresh = spec.id === undefined;
    return new PendingJob(spec, spec.id ?? this.ids.generate().toString(), fresh, caller, call, index);
  }

  private release(call: PendingCall<AddResult>): void {
    this.pendingJobs -= call.size;
    this.pendingBytes -= call.bytes;
    this.letIn();
    if (this.pendingJobs === 0) this.idle?.();
  }

  private letIn(): void {
    while (this.hasRoom && this.roomless.length > 0) this.roomless.shift()?.();
  }

  private get hasRoom(): boolean {
    const { maxPendingJobs, maxPendingBytes } = this.limits;
    return this.pendingJobs < maxPendingJobs && this.pendingBytes < maxPendingBytes;
  }

  private requireRoom(): void {
    if (this.hasRoom) return;
    throw new PostaError("exhausted", "too many jobs are on their way to the store; nothing was done", {
      retryAfterMs: 250,
    });
  }

  private laneOf(queue: string): Lane {
    let lane = this.lanes.get(queue);
    if (!lane) {
      lane = new Lane(
        (batch) => this.writer.write(queue, batch),
        () => this.lanes.delete(queue),
      );
      this.lanes.set(queue, lane);
    }
    return lane;
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
