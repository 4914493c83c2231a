import { InFlightLimit } from "../../batching/in-flight-limit.js";
import type { Waiter } from "../../batching/waiter.js";
import { PostaError, toPostaError } from "../../errors/posta-error.js";
import { bytesOf, type Change, type Outcome, type Report, type Step, type Update, type Verdict } from "./work.js";
import type { WorkBatcher } from "./work-batcher.js";

/** What each change did, or why it failed, in order. */
type Results = (Verdict | PostaError)[];

export interface ReportLimits {
  /** The most reports and updates that wait for the store. */
  maxPendingJobs: number;
  /** The most bytes of their texts and names. */
  maxPendingBytes: number;
}

/**
 * Takes what workers say of their jobs. An item may stand for a message that is wrong: it is its own result. When too much
 * waits for the store, each item of a call is exhausted, and may be sent again.
 */
export class Reporter {
  /** Reports that changed their jobs, by what they said. */
  readonly applied: Record<Outcome["kind"], number> = {
    complete: 0,
    fail: 0,
    release: 0,
    postpone: 0,
    "rate-limited": 0,
    cancelled: 0,
  };
  /** Updates that changed their jobs, by what they wrote. */
  readonly updated: Record<Step["kind"], number> = { progress: 0, log: 0, data: 0 };
  /** Reports and updates that came too late. */
  lost = 0;
  private readonly inFlight: InFlightLimit;

  constructor(
    private readonly batcher: WorkBatcher,
    { maxPendingJobs: items, maxPendingBytes: bytes }: ReportLimits,
  ) {
    const full = "too many reports are on their way to the store; this one was not applied";
    this.inFlight = new InFlightLimit({ items, bytes, full });
  }

  /** Settles jobs. Never rejects. */
  report(queue: string, items: readonly (Report | PostaError)[], caller?: Waiter): Promise<Results> {
    return this.apply(queue, items, caller, ({ outcome }) => {
      this.applied[outcome.kind] += 1;
    });
  }

  /** Writes down what happens while jobs are worked on. Never rejects. */
  update(queue: string, items: readonly (Update | PostaError)[], caller?: Waiter): Promise<Results> {
    return this.apply(queue, items, caller, ({ step }) => {
      this.updated[step.kind] += 1;
    });
  }

  private async apply<Item extends Change>(
    queue: string,
    items: readonly (Item | PostaError)[],
    caller: Waiter | undefined,
    count: (applied: Item) => void,
  ): Promise<Results> {
    const changes = items.filter((item) => !(item instanceof PostaError)) as Item[];
    const results = await this.change(queue, changes, caller);
    for (const [index, verdict] of results.entries()) {
      if (verdict === "applied") count(changes[index] as Item);
      else if (verdict === "lease-lost") this.lost += 1;
    }
    let next = 0;
    return items.map((item) => (item instanceof PostaError ? item : (results[next++] as Verdict | PostaError)));
  }

  /** Changes jobs, or refuses all of the changes. Never rejects. */
  private async change(queue: string, changes: readonly Change[], caller: Waiter | undefined): Promise<Results> {
    try {
      this.inFlight.enter(changes.length);
    } catch (error) {
      return changes.map(() => toPostaError(error));
    }
    const bytes = changes.reduce((sum, change) => sum + bytesOf(change), 0);
    this.inFlight.weigh(bytes);
    const results = await this.batcher.change(queue, changes, caller);
    this.inFlight.leave(changes.length, bytes);
    return results;
  }
}
