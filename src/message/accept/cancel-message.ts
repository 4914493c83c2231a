import { PostaError } from "../../errors/posta-error.js";
import type { Statement } from "../../store/postgres/session.js";
import type { PostgresStore } from "../../store/postgres/store.js";
import type { MayUse, MessageReader } from "../read/read-message.js";
import { nameOfStatus, type PublishStatus } from "../record/status.js";
import { allows, endOf } from "../record/status-machine.js";

/**
 * Cancels only a QUEUED message. A process that claims the message changes the same row, so one of the two comes too
 * late.
 */
const cancel: Statement = {
  name: "cancel-message",
  text: `WITH cancelled AS (
    UPDATE messages SET status = ${endOf("cancel")}, status_at = now()
    WHERE id = $1 AND ${allows("cancel", "status")} RETURNING id, sender, recipient, type
  ), freed AS (
    DELETE FROM outbox USING cancelled WHERE outbox.message_id = cancelled.id
  ), events AS (
    INSERT INTO message_events (message_id, status) SELECT id, ${endOf("cancel")} FROM cancelled
  )
  SELECT sender, recipient, type FROM cancelled`,
};

/** Keeps messages from being sent. */
export class MessageCanceller {
  constructor(
    private readonly postgres: PostgresStore,
    private readonly reader: MessageReader,
    private readonly publish: PublishStatus,
  ) {}

  /**
   * Throws not-found, also for a message of a number that the caller may not use. Throws wrong-state if the message is
   * not queued. Throws unavailable.
   */
  async cancel(messageId: string, mayUse: MayUse): Promise<void> {
    await this.reader.status(messageId, mayUse);
    type Row = { sender: string; recipient: string; type: string };
    const [row] = await this.postgres.queryLocking<Row>(cancel, [messageId]);
    if (row) return this.publish([{ messageId, status: "cancelled", ...row, timeMs: Date.now() }]);
    const status = await this.reader.status(messageId, mayUse);
    throw new PostaError("wrong-state", `the message is ${nameOfStatus(status)}, and no longer QUEUED`);
  }
}
