import type { Leader } from "../../background/leader.js";
import { Loop } from "../../background/loop.js";
import type { PostaError } from "../../errors/posta-error.js";
import type { Session } from "../../store/postgres/session.js";
import type { RedisStore } from "../../store/redis/store.js";
import type { Logger } from "../../telemetry/log/log.js";
import type { DeadJobs } from "./dead-jobs.js";
import type { Drain } from "./drain.js";
import { spoolChannel } from "./spool.js";
import type { SpoolMetrics } from "./spool-metrics.js";
import type { SpoolRetention } from "./spool-retention.js";

const drainTimes = { name: "the spool's drain", everyMs: 500, retryMs: 500 };
const upkeepTimes = { name: "upkeep of the spool", everyMs: 5000, retryMs: 5000 };

export interface SpoolParts {
  drain: Drain;
  moved: SpoolRetention;
  deadJobs: DeadJobs;
  metrics: SpoolMetrics;
}

/**
 * What is done for the spool in the background, in the one process that leads: the drain, awake by notification and by a
 * sweep, and, less often, the upkeep of what was moved and of what failed.
 */
export class SpoolWork {
  private readonly draining: Loop;
  private readonly upkeep: Loop;
  private stopping = false;
  /** The session that is listened on. */
  private session: Session | undefined;
  /** Redis may have lost what it was given before. */
  private mayHaveLost = true;

  constructor(
    private readonly parts: SpoolParts,
    private readonly leader: Leader,
    private readonly redis: RedisStore,
    log: Logger,
  ) {
    this.draining = new Loop(drainTimes, log, () => this.drain());
    this.upkeep = new Loop(upkeepTimes, log, () => this.keepUp());
    redis.on("usable", (usable) => {
      if (!usable) return;
      this.mayHaveLost = true;
      this.draining.wake();
    });
  }

  start(): void {
    this.draining.start();
    this.upkeep.start();
  }

  /** Lets what is being moved be finished. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all([this.draining.stop(), this.upkeep.stop()]);
    await this.leader.resign();
  }

  private async drain(): Promise<void> {
    const session = await this.lead();
    if (!session) return;
    this.redis.requireUsable();
    if (this.mayHaveLost) await this.putBackLost(session);
    const stuck = new Map<string, PostaError>();
    while (!this.stopping && (await this.parts.drain.next(session, stuck))) {}
    for (const failure of stuck.values()) throw failure;
  }

  private async putBackLost(session: Session): Promise<void> {
    this.mayHaveLost = false;
    await this.parts.moved.check(session).catch((error) => {
      this.mayHaveLost = true;
      throw error;
    });
  }

  private async keepUp(): Promise<void> {
    const { moved, deadJobs, metrics } = this.parts;
    const session = await this.lead();
    if (!session) return metrics.clear();
    await metrics.read(session);
    this.redis.requireUsable();
    await moved.check(session);
    await deadJobs.collect(session);
  }

  private async lead(): Promise<Session | undefined> {
    const session = await this.leader.lead();
    if (!session || session === this.session) return session;
    this.session = session;
    await session.listen(spoolChannel, () => this.draining.wake());
    this.draining.wake();
    return session;
  }
}
