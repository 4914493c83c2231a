import type { RedriveHandler, RedriveSql } from "../../store/postgres/dead-letters.js";
import type { Queries, Statement } from "../../store/postgres/session.js";
import { nameOfStatus, type PublishStatus } from "./status.js";
import { allows, endOf } from "./status-machine.js";

/** What a redrive reports about a message that is queued again. */
interface Queued {
  messageId: string;
  sender: string;
  recipient: string;
  type: string;
}

const read: Statement = {
  name: "read-given-up-messages",
  text: "SELECT id, status, expires_at <= now() AS expired FROM messages WHERE id = ANY ($1::uuid[])",
};

/** Redrives messages that were given up: they are queued again, with all their attempts. */
export class MessageRedrive implements RedriveHandler {
  readonly channel = "posta_outbox";

  constructor(
    private readonly postgres: Queries,
    private readonly publish: PublishStatus,
  ) {}

  /**
   * Redrives only messages that are still given up. A message stays as it is in three cases: WhatsApp has reported on
   * it since, it is on its way again, or it has expired.
   */
  redriveSql(letters: string): RedriveSql {
    return {
      steps: `message_moved AS (
    UPDATE messages SET status = ${endOf("redrive")}, status_at = now(), wamid = NULL, claim = NULL
    FROM ${letters} AS letter WHERE messages.id = letter.ref::uuid
      AND ${allows("redrive", "messages.status")}
      AND (messages.expires_at IS NULL OR messages.expires_at > now())
    RETURNING messages.id, messages.sender, messages.recipient, messages.type, messages.priority
  ), message_queued AS (
    INSERT INTO outbox (message_id, sender, priority, due_at) SELECT id, sender, priority, now() FROM message_moved
    ON CONFLICT (message_id) DO UPDATE SET due_at = excluded.due_at, moved_at = NULL, turn = outbox.turn + 1, tried = 0,
      pair_limits = 0
  ), message_logged AS (
    INSERT INTO message_events (message_id, status, detail) SELECT id, ${endOf("redrive")}, 'redriven' FROM message_moved
  )`,
      done: `SELECT letter.id, json_build_object('messageId', moved.id, 'sender', moved.sender, 'recipient', moved.recipient,
      'type', moved.type)
    FROM ${letters} AS letter JOIN message_moved AS moved ON moved.id = letter.ref::uuid`,
    };
  }

  onRedriven(facts: unknown[]): void {
    const timeMs = Date.now();
    this.publish((facts as Queued[]).map((queued) => ({ ...queued, status: "queued", timeMs })));
  }

  async explain(ids: string[]): Promise<Map<string, string>> {
    const rows = await this.postgres.query<{ id: string; status: number; expired: boolean | null }>(read, [ids]);
    const reasons = new Map(ids.map((id) => [id, "its message is not kept any more"]));
    for (const { id, status, expired } of rows) {
      reasons.set(id, expired ? "its message has expired" : `its message is ${nameOfStatus(status)}`);
    }
    return reasons;
  }
}
