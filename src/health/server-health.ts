import type { RedisStore } from "../store/redis/store.js";
import type { Backlog } from "./backlog.js";
import { type Check, type CheckState, type CheckStatus, overall } from "./check.js";
import { Checks } from "./checks.js";
import { DeliveryCheck } from "./delivery-beat.js";
import { EventLoopCheck, MemoryCheck } from "./process-checks.js";
import { type Intake, QueueCheck } from "./queue-check.js";
import { SharedMemory } from "./shared-memory.js";
import { type Store, StoreCheck } from "./store-check.js";

/** The primary sends its facts every second. After a silence of this length they count as not known. */
const silentAfterMs = 5000;

/** What the primary knows and its servers do not. */
export interface ClusterFacts {
  backlog: Backlog | undefined;
  /** The primary's own checks. */
  checks: readonly CheckState[];
}

/** What the checks of a server look at. */
export interface Watched {
  queueRedis: RedisStore;
  analyticsRedis: Store;
  postgres: Store;
  canAdd(): boolean;
  /** The key that working delivery processes write. */
  deliveryKey: string;
  /** Checks of what is no part of the health itself. */
  further: readonly Check[];
}

/** The health of one server: its own checks, and the facts that its primary sent. */
export class ServerHealth {
  readonly checks: Checks;
  private readonly eventLoop = new EventLoopCheck();
  private readonly memory = new SharedMemory();
  private readonly delivery: DeliveryCheck;
  private facts: ClusterFacts = { backlog: undefined, checks: [] };
  private heardAt = 0;

  constructor({ queueRedis, analyticsRedis, postgres, canAdd, deliveryKey, further }: Watched) {
    const intake: Intake = { canAdd, redis: queueRedis };
    this.delivery = new DeliveryCheck(queueRedis, deliveryKey);
    this.checks = new Checks([
      new StoreCheck("redis-queue", "The queues' Redis", queueRedis, "DEGRADED"), // The spool takes the jobs.
      new StoreCheck("redis-analytics", "The analytics' Redis", analyticsRedis),
      new StoreCheck("postgres", "PostgreSQL", postgres),
      new QueueCheck(intake, () => this.facts.backlog),
      this.delivery,
      ...further,
      new MemoryCheck(this.memory),
      this.eventLoop,
    ]);
    // Refresh at once: a probe should not have to wait for the next interval.
    const stores: Store[] = [queueRedis, analyticsRedis, postgres];
    for (const store of stores) store.on("usable", () => this.checks.refresh());
  }

  start(): void {
    this.eventLoop.start();
    this.memory.start();
    this.delivery.start();
    this.checks.start();
  }

  stop(): void {
    this.checks.stop();
    this.delivery.stop();
    this.eventLoop.stop();
    this.memory.stop();
  }

  hear(facts: ClusterFacts): void {
    this.facts = facts;
    this.heardAt = performance.now();
  }

  /** The overall status, and every check. */
  report(): { status: CheckStatus; checks: readonly CheckState[] } {
    const checks = [...this.checks.states, ...this.factChecks];
    return { status: overall(checks), checks };
  }

  /** The primary's checks. While the primary is silent they are DEGRADED. */
  private get factChecks(): readonly CheckState[] {
    const silentMs = performance.now() - this.heardAt;
    if (silentMs < silentAfterMs) return this.facts.checks;
    const detail = `Not known: the primary has not been heard of for ${Math.round(silentMs / 1000)} s.`;
    return this.facts.checks.map((state) => ({ ...state, status: "DEGRADED", since: Date.now() - silentMs, detail }));
  }

  /** Whether the check of this name exists and is not DOWN. */
  works(name: string): boolean {
    const found = this.checks.states.find((state) => state.name === name);
    return found !== undefined && found.status !== "DOWN";
  }
}
