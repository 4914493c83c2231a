import type { BatchMetrics } from "../../batching/batch-metrics.js";
import type { BatchStrategy } from "../../batching/batch-strategy.js";
import { GroupCommit } from "../../batching/group-commit.js";
import { KeyedCommits } from "../../batching/keyed-commits.js";
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
  private readonly commits: KeyedCommits<PendingJob, AddResult>;

  constructor(writer: QueueWriter, metrics?: BatchMetrics) {
    this.commits = new KeyedCommits((queue) => {
      return new GroupCommit((jobs, { earlier }) => writer.write(queue, jobs, earlier), jobBatches, metrics);
    });
  }

  /** Writes the jobs of a call. Resolves to a result for each, in order; never rejects. */
  async push(queue: string, jobs: PendingJob[], waiter: Waiter): Promise<AddResult[]> {
    return toAddResults(jobs, await this.commits.pushAll(queue, jobs, waiter));
  }

  /** How many queues have jobs on their way. */
  get size(): number {
    return this.commits.size;
  }
}
