import { readBullScript } from "../../../store/bullmq/lua-functions.js";
import { defineLua, readLua, type Script } from "../../../store/redis/scripts.js";
import type { RedisStore } from "../../../store/redis/store.js";
import type { Logger } from "../../../telemetry/log/log.js";
import type { Keys } from "../../job/keys.js";

/**
 * The keys of BullMQ's moveStalledJobsToWait, in its order. The fourth says that a check ran just now: BullMQ's workers have
 * one of their own, and check every 30 s.
 */
const scriptKeys = ["stalled", "wait", "active", "posta-lease-check", "meta", "paused", "marker", "events", "repeat"];
/** How often a job may lose its worker. After that, it fails. The guide's value, as for BullMQ's own workers. */
const maxLost = 3;
/** A job is back in line within this time after its lease has ended, in milliseconds. */
const checkMs = 900;
/** Queues that are checked in one round. */
const maxQueues = 10_000;

/**
 * Puts jobs back in line whose worker let the lease end, as BullMQ's own check does. A key in Redis lets one of all
 * delivery processes run it at a time.
 */
export class LostLeases {
  /** Jobs that were put back. */
  found = 0;
  private readonly check: Script<string[]>;

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
    /** Ends the orders of cancelled jobs. */
    private readonly graces: { end(queues: readonly string[]): Promise<void> },
    private readonly log: Logger,
  ) {
    const lua = readLua("queue/work/find-lost") + readBullScript(`moveStalledJobsToWait-${scriptKeys.length}`);
    this.check = defineLua(store.client, { name: "check-leases", lua, numberOfKeys: scriptKeys.length });
  }

  /** Checks all queues that Posta leases jobs of: leases that have ended, and cancelled jobs whose grace has ended. */
  async putBack(): Promise<void> {
    if (!this.store.usable) return;
    const { client } = this.store;
    const now = this.store.clock.now();
    await client.zremrangebyscore(this.keys.worked, 0, `(${now}`);
    const worked = await client.zrange(this.keys.worked, 0, maxQueues - 1);
    const active = await Promise.all(worked.map((queue) => client.exists(this.keys.of(queue, "active"))));
    const queues = worked.filter((_, index) => active[index] === 1);
    // First, as a cancelled job whose worker died must not go back in line.
    await this.graces.end(queues);
    const lost = await Promise.all(queues.map((queue) => this.checkQueue(queue, now)));
    for (const [index, ids] of lost.entries()) {
      if (ids.length === 0) continue;
      this.found += ids.length;
      this.log.warn(
        `${ids.length} jobs of the queue ${queues[index]} are back in line: their workers let the leases end`,
      );
    }
  }

  private checkQueue(queue: string, now: number): Promise<string[]> {
    const keys = scriptKeys.map((part) => this.keys.of(queue, part));
    return this.check(keys, [maxLost, this.keys.start(queue), now, checkMs]);
  }
}
