import { BatchMetrics } from "../../batching/batch-metrics.js";
import { type BatchContext, GroupCommit } from "../../batching/group-commit.js";
import type { Waiter } from "../../batching/waiter.js";
import { type PostaError, toPostaError } from "../../errors/posta-error.js";
import type { EventSpec } from "./event.js";
import type { EventOutcome, Written } from "./event-store.js";
import { abandonedError, OpenEvents } from "./open-events.js";

/** Writes events. `deadline` is the earliest of their deadlines. Throws if the store failed. */
export type WriteEvents = (events: readonly EventSpec[], deadline: number) => Promise<Written>;

/** Full batches need not wait for each other. */
const strategy = { maxBatch: 1000, maxInFlight: 2, abandonedError };

/** What has been written, for metrics. */
export interface WrittenCounts {
  batches: number;
  events: number;
  /** Events that were refused because their hour has too many names. */
  refused: number;
  overflow: number;
}

/**
 * Group commit for events. The more there is to do, the more events fall into the same series and minute and become one
 * increment.
 */
export class EventBatcher {
  readonly counts: WrittenCounts = { batches: 0, events: 0, refused: 0, overflow: 0 };
  /** Metrics of the batches. */
  readonly metrics = new BatchMetrics();
  private readonly commit: GroupCommit<EventSpec, EventOutcome>;

  constructor(private readonly write: WriteEvents) {
    this.commit = new GroupCommit((events, context) => this.writeBatch(events, context), strategy, this.metrics);
  }

  /** Writes the events of a call. Resolves to a result for each, in order; never rejects. */
  push(events: readonly EventSpec[], waiter: Waiter): Promise<(EventOutcome | PostaError)[]> {
    return this.commit.pushAll(events, waiter);
  }

  private async writeBatch(events: EventSpec[], context: BatchContext): Promise<(EventOutcome | PostaError)[]> {
    const open = new OpenEvents(events, context);
    try {
      while (open.size > 0) await this.attempt(open);
    } catch (thrown) {
      open.fail(toPostaError(thrown)); // Only open events: events that were dropped before have their results.
    }
    return open.results;
  }

  /** If the store did nothing because of some events, these are dropped. The others have to be written again. */
  private async attempt(open: OpenEvents): Promise<void> {
    const { deadline } = open;
    const written = await this.write(open.events, deadline);
    if (written.kind === "late") open.dropAbandoned(Math.max(written.now, deadline));
    else if (written.kind === "closed") open.dropClosed(written.firstOpenHour);
    else open.settle(this.count(open.size, written));
  }

  private count(events: number, written: Written & { kind: "done" }): EventOutcome[] {
    this.counts.batches += 1;
    this.counts.events += events - written.refused;
    this.counts.refused += written.refused;
    this.counts.overflow += written.overflow;
    return written.outcomes;
  }
}
