import type { Lease } from "../wire/messages.js";
import type { Run } from "./run.js";

/**
 * The jobs that the worker holds, by id.
 *
 * An `assign` has to be acknowledged only if one of its jobs is still held when the worker next writes: a report says
 * the same. `fresh` counts the jobs that are held, and came since the last acknowledgement.
 */
export class HeldRuns<Data> {
  private readonly runs = new Map<string, Run<Data>>();
  private fresh = 0;
  private generation = 0;

  get size(): number {
    return this.runs.size;
  }

  get hasFresh(): boolean {
    return this.fresh > 0;
  }

  /** All jobs that came are acknowledged. */
  acknowledged(): void {
    this.fresh = 0;
    this.generation += 1;
  }

  add(run: Run<Data>): void {
    this.runs.set(run.lease.jobId, run);
    run.generation = this.generation;
    this.fresh += 1;
  }

  remove(run: Run<Data>): void {
    this.runs.delete(run.lease.jobId);
    if (run.generation === this.generation && this.fresh > 0) this.fresh -= 1;
  }

  /** The run of a job, under whatever lease. */
  ofJob(jobId: string): Run<Data> | undefined {
    return this.runs.get(jobId);
  }

  find({ jobId, leaseToken }: Lease): Run<Data> | undefined {
    const run = this.runs.get(jobId);
    return run?.lease.leaseToken === leaseToken ? run : undefined;
  }

  all(): Run<Data>[] {
    return [...this.runs.values()];
  }
}
