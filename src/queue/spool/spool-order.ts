import { setTimeout as sleep } from "node:timers/promises";
import type { Statement } from "../../store/postgres/session.js";
import type { PostgresStore } from "../../store/postgres/store.js";
import type { RedisStore } from "../../store/redis/store.js";

/** With so many rows or fewer to go, it is worth waiting for the drain. */
const nearRows = 2000;
/** How long to wait for it. */
const patienceMs = 1000;
/** How often to look how far it is. */
const lookEveryMs = 20;

const readFirst: Statement = {
  name: "spool-first",
  text: `SELECT queue, (SELECT min(seq) FROM spool WHERE moved_at IS NULL AND spool.queue = asked.queue) AS first
    FROM unnest($1::text[]) AS asked (queue)`,
};

/** How far a queue has jobs in the spool. */
interface Behind {
  /** Batches whose rows have no number yet. */
  open: number;
  /** The number of its last row. */
  last: number;
  /** The number of the first that the drain has not moved yet, as of the last look. */
  first: number;
  /** The drain did not come any further while we waited. */
  stalled: boolean;
}

interface First {
  queue: string;
  /** null: nothing of the queue waits. */
  first: number | null;
}

/**
 * The queues of which this process has put jobs into the spool that are not in Redis yet. What comes next must not overtake
 * them: it goes into the spool too, until the drain is near, and then waits for the drain.
 */
export class SpoolOrder {
  private readonly queues = new Map<string, Behind>();
  private looking: Promise<void> | undefined;

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
    else this.queues.set(queue, { open: 1, last: 0, first: 0, stalled: false });
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
      if (behind.stalled || behind.last - behind.first > nearRows) return false;
      if (Date.now() > until) behind.stalled = true;
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
    const settled = new Map([...this.queues].map(([queue, { open, last }]) => [queue, open === 0 ? last : undefined]));
    const rows = await this.postgres.query<First>(readFirst, [[...settled.keys()]]);
    for (const { queue, first } of rows) this.note(queue, first ?? Number.POSITIVE_INFINITY, settled.get(queue));
  }

  private note(queue: string, first: number, settledLast: number | undefined): void {
    const behind = this.queues.get(queue);
    if (!behind) return;
    if (first !== behind.first) behind.stalled = false;
    behind.first = first;
    if (behind.open === 0 && behind.last === settledLast && behind.last < first) this.queues.delete(queue);
  }
}
