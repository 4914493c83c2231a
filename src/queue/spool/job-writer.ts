import { type PostaError, toPostaError } from "../../errors/posta-error.js";
import type { JobsOptions } from "../../store/bullmq/module.js";
import type { BatchWriter } from "../add/batch.js";
import type { AddResult, PendingJob, QueueWriter } from "../job/pending-job.js";
import type { Spool } from "./spool.js";
import type { SpoolOrder } from "./spool-order.js";

/**
 * How many finished jobs Redis must keep at least, and how long. With less, an id may not show for long enough that its
 * job was added.
 */
const leastKept = { count: 1000, ageSeconds: 60 };

/** Writes jobs to Redis, or to the spool while Redis cannot take them. Jobs stay in order either way. */
export class JobWriter implements QueueWriter {
  constructor(
    private readonly redis: BatchWriter,
    private readonly spool: Spool,
    private readonly backlog: SpoolOrder,
  ) {}

  async write(queue: string, batch: PendingJob[], earlier: Promise<void>): Promise<AddResult[]> {
    if (this.backlog.holds(queue)) return this.writeBehind(queue, batch, earlier);
    return this.writeOrSpool(queue, batch, earlier);
  }

  private async writeOrSpool(queue: string, batch: PendingJob[], earlier: Promise<void>): Promise<AddResult[]> {
    try {
      return await this.redis.write(queue, batch);
    } catch (error) {
      return this.writeInstead(queue, batch, earlier, toPostaError(error));
    }
  }

  /**
   * Jobs of the queue are in the spool, so these jobs go after them. If the spool cannot take these jobs, Redis does:
   * out of order is better than not at all.
   */
  private async writeBehind(queue: string, batch: PendingJob[], earlier: Promise<void>): Promise<AddResult[]> {
    await earlier;
    const isMoved = await this.backlog.isMoved(queue).catch(() => true); // PostgreSQL is out of reach.
    if (isMoved) return this.writeOrSpool(queue, batch, earlier);
    try {
      return await this.put(queue, batch);
    } catch (error) {
      const failure = toPostaError(error);
      // The jobs may be in the spool. If they were in both stores, they would run twice.
      if (failure.isUnknown) throw failure;
      return this.redis.write(queue, batch);
    }
  }

  /**
   * Redis did not take the jobs. If both stores fail, the caller gets the error of the store that may have done
   * something.
   */
  private async writeInstead(queue: string, batch: PendingJob[], earlier: Promise<void>, failure: PostaError) {
    if (failure.code !== "unavailable" && failure.code !== "exhausted") throw failure;
    const fit = batch.filter(({ spec }) => !failure.isUnknown || isRemembered(spec.options));
    this.backlog.begin(queue); // At once: jobs that come now must not overtake these.
    await earlier;
    try {
      const results = await this.put(queue, fit);
      const resultOf = new Map(fit.map((job, index) => [job, results[index]]));
      return batch.map((job): AddResult => resultOf.get(job) ?? { jobId: job.id, error: failure });
    } catch (error) {
      throw toPostaError(error).isUnknown ? error : failure;
    } finally {
      this.backlog.end(queue);
    }
  }

  private async put(queue: string, batch: PendingJob[]): Promise<AddResult[]> {
    this.backlog.begin(queue);
    let last: number | null = null;
    try {
      const spooled = await this.spool.put(queue, batch);
      last = spooled.last;
      return spooled.results;
    } finally {
      this.backlog.end(queue, last);
    }
  }
}

/**
 * Whether a job that may be in Redis cannot be added again: Redis keeps its id, even if the job has finished by then.
 */
function isRemembered({ removeOnComplete, removeOnFail, deduplication }: JobsOptions): boolean {
  return isKept(removeOnComplete) && isKept(removeOnFail) && deduplication?.replace !== true;
}

function isKept(retention: JobsOptions["removeOnComplete"]): boolean {
  if (typeof retention !== "object") return retention !== true;
  const { count = leastKept.count, age = leastKept.ageSeconds } = retention as { count?: number; age?: number };
  return count >= leastKept.count && age >= leastKept.ageSeconds;
}
