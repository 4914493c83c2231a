import { GroupCommit } from "../../batching/group-commit.js";
import type { Statement } from "../../store/postgres/session.js";
import type { PostgresStore } from "../../store/postgres/store.js";
import type { DeliveryJob } from "../record/delivery-job.js";
import { lockOutbox } from "../record/row-locks.js";
import type { DeliveryMetrics } from "./delivery-metrics.js";

const postpone: Statement = {
  name: "postpone-messages",
  text: `WITH ${lockOutbox}
  UPDATE outbox o SET moved_at = NULL, due_at = now() + p.after_ms * interval '1 ms', turn = o.turn + 1
  FROM unnest($1::uuid[], $2::integer[], $3::float8[]) AS p (id, generation, after_ms) JOIN locked ON locked.message_id = p.id
  WHERE o.message_id = p.id AND o.turn = p.generation`,
};

interface Postponed {
  job: DeliveryJob;
  afterMs: number;
}

/**
 * Puts messages that nobody has claimed back into the outbox until their time. As delayed jobs of BullMQ they would
 * take the places of other messages in the queue.
 */
export class Rescheduler {
  private readonly commit: GroupCommit<Postponed, undefined>;

  constructor(
    private readonly postgres: PostgresStore,
    metrics: DeliveryMetrics,
  ) {
    const strategy = { maxBatch: 100, maxInFlight: 1 };
    this.commit = new GroupCommit((batch) => this.write(batch), strategy, metrics.batches.reschedule);
  }

  /** Throws a PostgresError. In that case the job's generation may or may not be over. */
  async postpone(job: DeliveryJob, afterMs: number): Promise<void> {
    await this.commit.push({ job, afterMs });
  }

  private async write(batch: readonly Postponed[]): Promise<undefined[]> {
    await this.postgres.query(postpone, [
      batch.map(({ job }) => job.id),
      batch.map(({ job }) => job.generation),
      batch.map(({ afterMs }) => afterMs),
    ]);
    return batch.map(() => undefined);
  }
}
