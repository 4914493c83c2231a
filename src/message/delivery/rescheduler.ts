import { GroupCommit } from "../../batching/group-commit.js";
import type { Statement } from "../../store/postgres/session.js";
import type { PostgresStore } from "../../store/postgres/store.js";
import type { Errand } from "../record/delivery-job.js";
import { holdOutbox } from "../record/row-locks.js";

const postpone: Statement = {
  name: "postpone-messages",
  text: `WITH ${holdOutbox}
  UPDATE outbox o SET moved_at = NULL, due_at = now() + p.after_ms * interval '1 ms', turn = o.turn + 1
  FROM unnest($1::uuid[], $2::integer[], $3::float8[]) AS p (id, turn, after_ms) JOIN held ON held.message_id = p.id
  WHERE o.message_id = p.id AND o.turn = p.turn`,
};

interface Postponed {
  errand: Errand;
  afterMs: number;
}

/**
 * Puts messages that nobody has claimed back into the outbox until their time. There, and not among BullMQ's delayed jobs,
 * they take no room that others need, however many they are.
 */
export class Postponer {
  private readonly commit: GroupCommit<Postponed, undefined>;

  constructor(private readonly postgres: PostgresStore) {
    this.commit = new GroupCommit((batch) => this.write(batch), { maxBatch: 100, maxInFlight: 1 });
  }

  /** Throws a PostgresError. The errand's turn is over then, or is not. */
  async postpone(errand: Errand, afterMs: number): Promise<void> {
    await this.commit.push({ errand, afterMs });
  }

  private async write(batch: readonly Postponed[]): Promise<undefined[]> {
    await this.postgres.query(postpone, [
      batch.map(({ errand }) => errand.id),
      batch.map(({ errand }) => errand.turn),
      batch.map(({ afterMs }) => afterMs),
    ]);
    return batch.map(() => undefined);
  }
}
