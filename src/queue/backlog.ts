import { setTimeout as sleep } from "node:timers/promises";
import type { PostgresStore } from "../store/postgres.js";
import type { Statement } from "../store/postgres-session.js";
import type { RedisStore } from "../store/redis.js";

/** With so many rows or fewer to go, it is worth waiting for the drain. */
const nearRows = 2000;
/** How long to wait for it. */
const patienceMs = 1000;
/** How often to look how far it is. */
const lookEveryMs = 20;

const readFirst: Statement = {
  name: "spool-first",
  text: "SELECT min(seq) AS first FROM spool WHERE moved_at IS NULL",
};

/** How far a queue has jobs in the spool. */
interface Behind {
  /** Batches whose rows have no number yet. */
  open: number;
  last: number;
}

/**
 * The queues of which this process has put jobs into the spool that are not in Redis yet. What comes next must not overtake
 * them: it goes into the spool too, until the drain is near, and then waits for the drain.
 */
export class Backlog {
  private readonly queues = new Map<string, Behind>();
  private looking: Promise<void> | undefined;
  private first = 0;
  /** The drain did not come any further while we waited. */
  private stalled = false;

  constructor(
    private readonly redis: RedisStore,
    private readonly postgres: PostgresStore,
  ) {}

  holds(queue: string): boolean {
    return this.queues.has(queue);
  }

  /** A batch of the queue is about to go into the spool. */
  begin(queue: string): void {
    const behind = this.queues.get(queue);
    if (behind) behind.open += 1;
    else this.queues.set(queue, { open: 1, last: 0 });
  }

  /** It is there, up to this row; null: it is not. */
  end(queue: string, last: number | null = null): void {
    const behind = this.queues.get(queue);
    if (!behind) return;
    behind.open -= 1;
    behind.last = Math.max(behind.last, last ?? 0);
    if (behind.open === 0 && behind.last === 0) this.queues.delete(queue);
  }

  /** Whether the drain has moved all of the queue, perhaps after a moment. Throws if PostgreSQL failed. */
  async isMoved(queue: string): Promise<boolean> {
    const until = Date.now() + patienceMs;
    while (this.redis.usable) {
      await this.look();
      const behind = this.queues.get(queue);
      if (!behind) return true;
      if (this.stalled || behind.last - this.first > nearRows) return false;
      if (Date.now() > until) this.stalled = true;
      else await sleep(lookEveryMs);
    }
    return false;
  }

  /** One look serves all who ask while it lasts. */
  private look(): Promise<void> {
    this.looking ??= this.readFirst().finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  private async readFirst(): Promise<void> {
    // What is put there meanwhile may not be seen.
    const settled = [...this.queues].filter(([, { open }]) => open === 0).map(([queue, { last }]) => ({ queue, last }));
    const [row] = await this.postgres.query<{ first: number | null }>(readFirst);
    const first = row?.first ?? Number.POSITIVE_INFINITY;
    if (first !== this.first) this.stalled = false;
    this.first = first;
    for (const { queue, last } of settled) {
      const behind = this.queues.get(queue);
      if (behind?.open === 0 && behind.last === last && last < first) this.queues.delete(queue);
    }
  }
}
