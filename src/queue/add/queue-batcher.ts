import type { BatchMetrics } from "../../batching/batch-metrics.js";
import type { BatchStrategy } from "../../batching/batch-strategy.js";
import { GroupCommit } from "../../batching/group-commit.js";
import type { Waiter } from "../../batching/waiter.js";
import {
  type AddResult,
  abandonedError,
  isDeduplicated,
  type PendingJob,
  type QueueWriter,
  toAddResults,
} from "../job/pending-job.js";

const maxBatchBytes = 1 << 20;

/**
 * Batches of one queue: jobs of one kind, up to 1 MiB of payloads, or a larger job alone. Full batches do not wait for
 * each other: four may be in flight, in order, on the one connection. A deduplicated batch takes several steps, so it
 * goes alone to keep the order.
 */
export const jobBatches: BatchStrategy<PendingJob> = {
  maxBatch: 100,
  maxInFlight: 4,
  goesAlone: isDeduplicated,
  abandonedError,
  begin(first) {
    const deduplicated = isDeduplicated(first);
    let bytes = 0;
    return (job) => {
      const { dataBytes } = job.spec;
      if (isDeduplicated(job) !== deduplicated || (bytes > 0 && bytes + dataBytes > maxBatchBytes)) return false;
      bytes += dataBytes;
      return true;
    };
  },
};

/** Group commit for each queue: up to 100 jobs of a queue share a round trip and a script run. Their order is kept. */
export class QueueBatcher {
  /** One group commit for each queue that has jobs on their way. */
  private readonly commits = new Map<string, GroupCommit<PendingJob, AddResult>>();

  constructor(
    private readonly writer: QueueWriter,
    private readonly metrics?: BatchMetrics,
  ) {}

  /** Writes the jobs of a call. Resolves to a result for each, in order; never rejects. */
  async push(queue: string, jobs: PendingJob[], waiter: Waiter): Promise<AddResult[]> {
    const commit = this.commitOf(queue);
    const results = await commit.pushAll(jobs, waiter);
    // Another group commit may have replaced this one.
    if (commit.isAtRest && this.commits.get(queue) === commit) this.commits.delete(queue);
    return toAddResults(jobs, results);
  }

  /** How many queues have jobs on their way. */
  get size(): number {
    return this.commits.size;
  }

  private commitOf(queue: string): GroupCommit<PendingJob, AddResult> {
    let commit = this.commits.get(queue);
    if (!commit) {
      const write = (jobs: PendingJob[], { earlier }: { earlier: Promise<void> }) =>
        this.writer.write(queue, jobs, earlier);
      commit = new GroupCommit(write, jobBatches, this.metrics);
      this.commits.set(queue, commit);
    }
    return commit;
  }
}
