/** What a handler throws to say more than that its job failed, and why a signal was aborted. */

const day = 86_400_000;

/** The job fails for good, however many attempts are left. */
export class Unrecoverable extends Error {
  override readonly name = "Unrecoverable";
}

/** The attempt fails, and the next one begins after this time instead of the job's own backoff. */
export class RetryLater extends Error {
  override readonly name = "RetryLater";

  /** `ms`: 0 to 30 days. */
  constructor(
    readonly ms: number,
    message = `try again in ${ms} ms`,
    options?: ErrorOptions,
  ) {
    super(message, options);
    requireMs(ms, 0, 30 * day);
  }
}

/** The job is begun again after this time, and the attempt does not count as failed. */
export class Postpone extends Error {
  override readonly name = "Postpone";

  /** `ms`: 1 ms to 10 years. */
  constructor(readonly ms: number) {
    super(`postponed for ${ms} ms`);
    requireMs(ms, 1, 3650 * day);
  }
}

/** The job is next in line again, and the attempt does not count as failed. */
export class Release extends Error {
  override readonly name = "Release";

  constructor() {
    super("released");
  }
}

/** The job is next in line again, and the queue rests for this time. It needs a queue with a rate limit. */
export class RateLimited extends Error {
  override readonly name = "RateLimited";

  /** `ms`: 1 ms to 24 h. */
  constructor(readonly ms: number) {
    super(`the queue is to rest for ${ms} ms`);
    requireMs(ms, 1, day);
  }
}

/** A reason of the signal: somebody called CancelJob. If the handler throws, the job fails for good. */
export class JobCancelled extends Error {
  override readonly name = "JobCancelled";

  /** `reason`: as the caller of CancelJob gave it; may be empty. */
  constructor(readonly reason: string) {
    super(reason === "" ? "cancelled" : `cancelled: ${reason}`);
  }
}

/** A reason of the signal: the job is somebody else's now. Whatever the handler does, it is not reported. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";

  constructor() {
    super("the lease is lost: another worker may have the job");
  }
}

/** A reason of the signal: the worker stops, and its time is up. If the handler throws, the job goes back in line. */
export class WorkerStopped extends Error {
  override readonly name = "WorkerStopped";

  constructor() {
    super("the worker stops");
  }
}

function requireMs(ms: number, min: number, max: number): void {
  if (!(ms >= min && ms <= max)) throw new RangeError(`${ms} ms is not in ${min} to ${max} ms`);
}
