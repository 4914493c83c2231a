import { forEachQueue } from "../../background/each-queue.js";
import type { Statement } from "../../store/postgres/session.js";
import type { PostgresStore } from "../../store/postgres/store.js";
import { lockOutbox } from "../record/row-locks.js";
import { type DueMessage, priorities, type SenderQueues } from "../sender/sender-queues.js";

/** The most messages of one step. */
const maxBatch = 500;
/** The most steps of one sweep for messages that Redis forgot. */
const maxForgottenBatches = 20;
/**
 * The most jobs of one number and priority in its queue: enough for more than a second at any rate. All other messages
 * stay in PostgreSQL, so that a backlog takes no memory of Redis.
 */
const maxQueued = 2000;

/**
 * Looks up the recipient for each row. With a join the planner, which cannot know how many messages are due, reads all
 * months of messages from end to end. A row without a message is moved too: its job does nothing, and the sweep deletes
 * the row.
 */
const recipient = "coalesce((SELECT m.recipient FROM messages m WHERE m.id = o.message_id), '') AS recipient";

const readDue: Statement = {
  name: "read-outbox-due",
  text: `SELECT message_id AS id, turn AS generation, priority, ${recipient} FROM outbox o
    WHERE sender = $1 AND priority = $2 AND moved_at IS NULL AND due_at <= now()
    ORDER BY due_at, message_id LIMIT $3`,
};

const readForgotten: Statement = {
  name: "read-outbox-forgotten",
  text: `SELECT message_id AS id, turn AS generation, priority, ${recipient}, sender FROM outbox o
    WHERE moved_at < now() - $1 * interval '1 ms' AND sender = ANY($2)
    ORDER BY moved_at LIMIT ${maxBatch}`,
};

/**
 * A message that was redriven meanwhile has another generation, and is not marked. The rows are locked in order: their
 * jobs may already be done, and other statements may delete the rows.
 */
const markMoved: Statement = {
  name: "mark-outbox-moved",
  text: `WITH ${lockOutbox}
  UPDATE outbox o SET moved_at = now() FROM unnest($1::uuid[], $2::integer[]) AS k (id, generation) JOIN locked ON locked.message_id = k.id
  WHERE o.message_id = k.id AND o.turn = k.generation`,
};

export interface MoverOptions {
  /** The numbers that some host sends from: a number that this host does not know is sent by a host that does. */
  senders: () => readonly string[];
  /**
   * How long after its move a message that is still in the outbox is put into its queue again, in milliseconds. Redis
   * may have forgotten it.
   */
  forgottenAfterMs: number;
}

/**
 * Moves due messages from the outbox into the BullMQ queues of their numbers, in order for each number and each
 * priority. If the process dies between the two stores, the same messages are moved again. Their job ids keep them from
 * being in the queue twice.
 */
export class Mover {
  constructor(
    private readonly postgres: PostgresStore,
    private readonly queues: SenderQueues,
    private readonly options: MoverOptions,
  ) {}

  /**
   * Moves one step of the due messages. Resolves to whether there may be more. Throws a PostaError if a store failed. A
   * failure of one number's queue delays no other number.
   */
  async moveDue(): Promise<boolean> {
    let isMore = false;
    const failure = await forEachQueue(this.options.senders(), async (sender) => {
      if (await this.moveSender(sender)) isMore = true;
    });
    if (failure && !isMore) throw failure;
    return isMore;
  }

  /** Moves messages again that were moved long ago and are not done yet. */
  async moveForgotten(): Promise<void> {
    for (let batch = 0; batch < maxForgottenBatches; batch++) {
      if ((await this.moveForgottenBatch()) < maxBatch) return;
    }
  }

  private async moveForgottenBatch(): Promise<number> {
    const { senders, forgottenAfterMs } = this.options;
    const rows = await this.postgres.query<DueMessage & { sender: string }>(readForgotten, [
      forgottenAfterMs,
      senders(),
    ]);
    const moved = [...new Set(rows.map((row) => row.sender))];
    const failure = await forEachQueue(moved, async (sender) => {
      await this.put(
        sender,
        rows.filter((row) => row.sender === sender),
      );
    });
    if (failure) throw failure;
    return rows.length;
  }

  private async moveSender(sender: string): Promise<boolean> {
    const sizes = await this.queues.sizes(sender);
    let isMore = false;
    for (const [index, priority] of priorities.entries()) {
      const free = Math.min(maxBatch, maxQueued - (sizes[index] ?? 0));
      if (free <= 0) continue;
      const due = await this.postgres.query<DueMessage>(readDue, [sender, priority, free]);
      await this.put(sender, due);
      if (due.length === maxBatch) isMore = true;
    }
    return isMore;
  }

  private async put(sender: string, messages: readonly DueMessage[]): Promise<void> {
    if (messages.length === 0) return;
    await this.queues.add(sender, messages);
    await this.postgres.query(markMoved, [messages.map(({ id }) => id), messages.map(({ generation }) => generation)]);
  }
}
