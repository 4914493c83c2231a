import type { BatchMetrics } from "../../batching/batch-metrics.js";
import { PostaError, toPostaError } from "../../errors/posta-error.js";
import type { JobSpec } from "../job/job.js";

/** What became of a job. */
export type AddResult =
  | { jobId: string; outcome: "added" | "duplicate" | "spooled"; error?: undefined }
  | { jobId: string; outcome?: undefined; error: PostaError };

/** Whose job it is, as far as it matters for writing it. */
export interface Caller {
  /** Nobody waits for it any more. */
  readonly cancelled: boolean;
  /** When nobody will, in milliseconds since 1970. */
  readonly deadline: number;
  /** The caller's own id of the request; it goes with the job. */
  readonly requestId?: string | undefined;
}

/** For work that has no deadline: whoever asked for it has been answered, or waits for as long as it takes. */
export const patientCaller: Caller = { cancelled: false, deadline: Number.POSITIVE_INFINITY };

/** A job on its way into its queue. */
export interface Entry {
  readonly spec: JobSpec;
  readonly id: string;
  /** True: Posta made the id, so no job can have it yet. */
  readonly fresh: boolean;
  readonly caller: Caller;
  /** Of a job that comes from the spool: the number of its row there. */
  readonly row?: number;
  settle(result: AddResult): void;
}

/**
 * Writes a batch, of at most 100 entries, all with deduplication or none, in order; answers a result for each. `earlier`
 * resolves when the batches that were begun before it have their results, whatever those are.
 */
export type WriteBatch = (batch: Entry[], earlier: Promise<void>) => Promise<AddResult[]>;

const maxBatch = 100;
const maxBatchBytes = 1 << 20;
/** Full batches need not wait for each other: so many may be on their way, in order, on the one connection. */
const maxInFlight = 4;

/**
 * Group commit for one queue: while a batch is on its way, what arrives gathers into the next one. So an idle service adds
 * no delay, and a busy one shares a round trip and a script run among up to a hundred jobs. Order is kept.
 */
export class QueueBatcher {
  private waiting: Entry[] = [];
  /** Since when the first of them has, as far as is known. */
  private waitingSince = 0;
  private inFlight = 0;
  private earlier: Promise<void> = Promise.resolve();
  private scheduled = false;
  private alone = false;

  constructor(
    private readonly write: WriteBatch,
    /** Told when nothing is left to write. */
    private readonly onRest: () => void,
    private readonly figures?: BatchMetrics,
  ) {}

  push(entry: Entry): void {
    if (this.waiting.length === 0) this.waitingSince = performance.now();
    this.waiting.push(entry);
    if (this.inFlight > 0) {
      this.writeAll();
    } else if (!this.scheduled) {
      this.scheduled = true;
      // After this turn's other calls, which came in by the same read of a socket.
      setImmediate(() => {
        this.scheduled = false;
        this.writeAll();
      });
    }
  }

  private writeAll(): void {
    while (this.mayWrite()) this.earlier = this.writeNext(this.earlier);
    if (this.inFlight === 0) this.onRest();
  }

  private mayWrite(): boolean {
    const [next] = this.waiting;
    if (next === undefined || this.inFlight === 0) return next !== undefined;
    // A deduplicated batch takes several steps: to keep the order it goes alone.
    if (this.alone || isDeduplicated(next)) return false;
    return this.waiting.length >= maxBatch && this.inFlight < maxInFlight;
  }

  private async writeNext(earlier: Promise<void>): Promise<void> {
    const [since, sent] = [this.waitingSince, performance.now()];
    const batch = this.takeBatch();
    this.waitingSince = sent; // What is left came after those that go now.
    const [first] = batch;
    if (first === undefined) return earlier;
    this.inFlight += 1;
    this.alone = isDeduplicated(first);
    try {
      const results = await this.write(batch, earlier);
      for (const [index, entry] of batch.entries()) entry.settle(results[index] as AddResult);
    } catch (thrown) {
      const error = toPostaError(thrown);
      for (const entry of batch) entry.settle({ jobId: entry.id, error });
    }
    this.figures?.add(batch.length, since, sent);
    this.inFlight -= 1;
    this.alone = false;
    this.writeAll();
  }

  /** The next entries of one kind, up to the batch's limits; those that nobody waits for any more are dropped. */
  private takeBatch(): Entry[] {
    const batch: Entry[] = [];
    const now = Date.now();
    const deduplicated = isDeduplicated(this.waiting[0] as Entry);
    let bytes = 0;
    let taken = 0;
    for (const entry of this.waiting) {
      if (batch.length === maxBatch || (bytes > 0 && bytes + entry.spec.dataBytes > maxBatchBytes)) break;
      if (isDeduplicated(entry) !== deduplicated) break;
      taken += 1;
      if (isAbandoned(entry, now)) {
        entry.settle({ jobId: entry.id, error: abandonedError() });
        continue;
      }
      bytes += entry.spec.dataBytes;
      batch.push(entry);
    }
    this.waiting = taken === this.waiting.length ? [] : this.waiting.slice(taken);
    return batch;
  }
}

export function abandonedError(): PostaError {
  return new PostaError("expired", "the deadline passed before the job was written; it was not added");
}

/** Whether nobody waits for it any more. */
export function isAbandoned({ caller }: Entry, now: number): boolean {
  return caller.cancelled || caller.deadline <= now;
}

/** Whether BullMQ itself has to write it. */
export function isDeduplicated({ spec }: Entry): boolean {
  return spec.options.deduplication !== undefined;
}
