import { LRUCache } from "lru-cache";
import type { RedisStore } from "../../store/redis/store.js";
import type { Keys } from "../job/keys.js";

/** How long a note of a queue stands in this process before it is written again, in milliseconds. */
const noteMs = 30_000;

/**
 * The queues whose jobs Posta leases, so that the delivery process looks there for leases that have ended. A sorted
 * set by the time at which the last lease ends for certain, by Redis' clock, in ms since 1970.
 */
export class WorkedQueues {
  private readonly noted = new LRUCache<string, number>({ max: 10_000, ttl: noteMs });

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
  ) {}

  /** Notes a queue before it is asked for jobs. The note goes first on the same connection, so it needs no wait. */
  note(queue: string, leaseMs: number): void {
    if ((this.noted.get(queue) ?? 0) >= leaseMs || !this.store.usable) return;
    this.noted.set(queue, leaseMs);
    const until = this.store.clock.now() + leaseMs + 2 * noteMs;
    this.store.client.zadd(this.keys.worked, "GT", until, queue).catch(() => this.noted.delete(queue));
  }
}
