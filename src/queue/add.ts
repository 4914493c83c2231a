import { LRUCache } from "lru-cache";
import { PostaError, toPostaError } from "../errors.js";
import type { BatchWriter } from "./batch.js";
import { type JobRequest, type JobSpec, parseJob } from "./job.js";
import { createJobIds } from "./job-ids.js";
import { type AddResult, type Caller, Lane } from "./lane.js";

export interface AddLimits {
  maxJobBytes: number;
  maxPendingJobs: number;
  maxPendingBytes: number;
}

/** Adds jobs to queues: checks them, gives them ids, and hands them to their queue's lane. */
export class Adder {
  /** A lane that is dropped here while it writes finishes all the same; the connection keeps the order. */
  private readonly lanes = new LRUCache<string, Lane>({ max: 1000 });
  private readonly ids = createJobIds();
  private pendingJobs = 0;
  private pendingBytes = 0;
  private idle: (() => void) | undefined;

  constructor(
    private readonly writer: BatchWriter,
    private readonly limits: AddLimits,
  ) {}

  /** Adds one job. Never rejects: what is wrong is in the result. */
  add(queue: string, job: JobRequest, caller: Caller): Promise<AddResult> {
    return new Promise((resolve) => this.start(queue, job, "job", caller, resolve));
  }

  /**
   * Adds jobs in order; answers a result for each. Never rejects. `places` are the jobs' places in the request, for errors,
   * where those are others than in `jobs`.
   */
  addAll(queue: string, jobs: JobRequest[], caller: Caller, places?: number[]): Promise<AddResult[]> {
    const results: AddResult[] = new Array(jobs.length);
    let open = jobs.length;
    return new Promise((resolve) => {
      for (const [index, job] of jobs.entries()) {
        this.start(queue, job, `jobs[${places?.[index] ?? index}]`, caller, (result) => {
          results[index] = result;
          open -= 1;
          if (open === 0) resolve(results);
        });
      }
    });
  }

  /** Resolves when every job that was accepted has its result. */
  async drain(): Promise<void> {
    if (this.pendingJobs === 0) return;
    await new Promise<void>((resolve) => {
      this.idle = resolve;
    });
  }

  private start(queue: string, job: JobRequest, path: string, caller: Caller, done: (result: AddResult) => void): void {
    let spec: JobSpec;
    try {
      spec = parseJob(job, path, this.limits.maxJobBytes);
      this.requireRoom();
    } catch (error) {
      done({ jobId: job.id ?? "", error: toPostaError(error) });
      return;
    }
    const bytes = spec.dataJson.length;
    this.pendingJobs += 1;
    this.pendingBytes += bytes;
    const settle = (result: AddResult) => {
      this.pendingJobs -= 1;
      this.pendingBytes -= bytes;
      done(result);
      if (this.pendingJobs === 0) this.idle?.();
    };
    const fresh = spec.id === undefined;
    this.laneOf(queue).push({ spec, id: spec.id ?? this.ids.generate().toString(), fresh, caller, settle });
  }

  private requireRoom(): void {
    const { maxPendingJobs, maxPendingBytes } = this.limits;
    if (this.pendingJobs < maxPendingJobs && this.pendingBytes < maxPendingBytes) return;
    throw new PostaError("exhausted", "too many jobs are on their way to the store; nothing was done", {
      retryAfterMs: 250,
    });
  }

  private laneOf(queue: string): Lane {
    let lane = this.lanes.get(queue);
    if (!lane) {
      lane = new Lane((batch) => this.writer.write(queue, batch));
      this.lanes.set(queue, lane);
    }
    return lane;
  }
}
