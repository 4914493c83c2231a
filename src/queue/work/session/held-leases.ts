import type { LeasedJob, LeaseName } from "../work.js";

/** A lease that a session gave to its worker, or took over from an earlier session. */
export interface HeldLease extends LeaseName {
  queue: string;
  /** The message that brought the job; 0: the worker had it before the session. */
  sequence: number;
  /** When the lease was last extended, on performance.now()'s clock. */
  extendedAt: number;
  /** The worker was told to stop working on the job until then, in milliseconds since 1970. */
  cancelledUntil?: number;
}

/** The jobs that the worker of a session has and has not reported. */
export class HeldLeases {
  private readonly leases = new Map<string, HeldLease>();

  /** Adds jobs whose leases, of `leaseMs`, began before they came, if they came late. */
  addJobs(queue: string, jobs: readonly LeasedJob[], sequence: number, leaseMs: number): void {
    const now = performance.now();
    for (const { id: jobId, token, leaseMs: leftMs } of jobs)
      this.add({ queue, jobId, token, sequence, extendedAt: now - (leaseMs - leftMs) });
  }

  /** Answers whether the lease is new. */
  add(lease: HeldLease): boolean {
    const isNew = !this.leases.has(keyOf(lease));
    this.leases.set(keyOf(lease), lease);
    return isNew;
  }

  get(name: LeaseName): HeldLease | undefined {
    return this.leases.get(keyOf(name));
  }

  /** Forgets a lease, and answers it; undefined: the worker does not have it. */
  remove(name: LeaseName): HeldLease | undefined {
    const lease = this.leases.get(keyOf(name));
    this.leases.delete(keyOf(name));
    return lease;
  }

  /** Some leases, by queue. */
  byQueue(which: (lease: HeldLease) => boolean): Map<string, HeldLease[]> {
    const found = new Map<string, HeldLease[]>();
    for (const lease of this.leases.values()) {
      if (!which(lease)) continue;
      const list = found.get(lease.queue);
      if (list) list.push(lease);
      else found.set(lease.queue, [lease]);
    }
    return found;
  }
}

/** A worker may name one token with several jobs, which is its mistake: only one of them is right. */
function keyOf({ jobId, token }: LeaseName): string {
  return `${token} ${jobId}`;
}
