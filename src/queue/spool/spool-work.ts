import type { Session } from "../../store/postgres/session.js";
import type { RedisStore } from "../../store/redis/store.js";
import type { DeadJobs } from "./collect-dead-jobs.js";
import type { Drain } from "./drain.js";
import type { SpoolMetrics } from "./spool-metrics.js";
import type { SpoolRetention } from "./spool-retention.js";

export interface SpoolParts {
  drain: Drain;
  moved: SpoolRetention;
  deadJobs: DeadJobs;
  metrics: SpoolMetrics;
}

/** What the leader does for the spool, on the session that holds the lock. */
export class SpoolWork {
  /** Redis may have lost jobs that it was given before. */
  private mayHaveLost = true;

  constructor(
    private readonly parts: SpoolParts,
    private readonly redis: RedisStore,
  ) {
    redis.on("usable", (usable) => {
      if (usable) this.mayHaveLost = true;
    });
  }

  /**
   * Moves jobs into their queues until the spool is empty or the term ends. Jobs that Redis may have lost come first.
   */
  async drain(session: Session, ending: AbortSignal): Promise<void> {
    this.redis.requireOurs();
    if (this.mayHaveLost) await this.restoreLost(session);
    const stuck = await this.parts.drain.run(session, ending);
    for (const failure of stuck.values()) throw failure;
  }

  /** Removes the rows of moved jobs that Redis cannot lose any more. Jobs that Redis has lost wait again. */
  async checkMoved(session: Session): Promise<void> {
    this.redis.requireOurs();
    await this.parts.moved.check(session);
  }

  /** Puts jobs that failed for good into dead_letters. */
  async collectDead(session: Session): Promise<void> {
    this.redis.requireOurs();
    await this.parts.deadJobs.collect(session);
  }

  /** Counts the spool for /metrics. */
  async measure(session: Session): Promise<void> {
    await this.parts.metrics.read(session);
  }

  /** Another process leads, and counts the spool. */
  follow(): void {
    this.parts.metrics.clear();
  }

  private async restoreLost(session: Session): Promise<void> {
    this.mayHaveLost = false;
    await this.parts.moved.check(session).catch((error) => {
      this.mayHaveLost = true;
      throw error;
    });
  }
}
