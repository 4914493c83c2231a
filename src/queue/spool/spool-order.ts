import { setTimeout as sleep } from "node:timers/promises";
import type { Statement } from "../../store/postgres/session.js";
import type { PostgresStore } from "../../store/postgres/store.js";
import type { RedisStore } from "../../store/redis/store.js";

/** If the drain has at most this many rows to go, it is worth waiting for the drain. */
const nearRows = 2000;
/** How long to wait for the drain. */
const patienceMs = 1000;
/** How often to look how far the drain is. */
const lookEveryMs = 20;

const readFirst: Statement = {
  name: "spool-first",
  text: `SELECT queue, (SELECT min(seq) FROM spool WHERE moved_at IS NULL AND spool.queue = asked.queue) AS first
    FROM unnest($1::text[]) AS asked (queue)`,
};

/** What this process knows of a queue's jobs in the spool. */
interface Behind {
  /** Batches whose rows have no number yet. */
  open: number;
  /** The number of the queue's last row, or of a later row. */
  last: number;
  /** The number of the queue's first row that the drain has not moved yet, as of the last look. */
  first: number;
  /** A wait for the drain took too long, and the queue's first row has not changed since. */
  stalled: boolean;
}

interface First {
  queue: string;
  /** null: no job of the queue waits. */
  first: number | null;
}

/**
 * The queues for which this process has put jobs into the spool that are not in Redis yet. Later jobs must not overtake
 * those jobs. Later jobs therefore go into the spool too. Once the drain is near, they wait for the drain instead.
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

  /** The batch is in the spool, up to the row `last`; null: the batch is not there. */
  end(queue: string, last: number | null = null): void {
    const behind = this.queues.get(queue);
    if (!behind) return;
    behind.open -= 1;
    behind.last = Math.max(behind.last, last ?? 0);
    if (behind.open === 0 && behind.last === 0) this.queues.delete(queue);
  }

  /**
   * Whether the drain has moved all jobs of the queue. May wait a moment for the drain. Throws if PostgreSQL failed.
   */
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

  /** All callers that ask during a look share that look. */
  private look(): Promise<void> {
    this.looking ??= this.readFirst().finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  private async readFirst(): Promise<void> {
    // The look may not see rows that are inserted meanwhile.
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
