import type { Waiter } from "../../batching/waiter.js";
import { PostaError } from "../../errors/posta-error.js";
import type { Outcome, Report, Verdict } from "./work.js";
import type { WorkBatcher } from "./work-batcher.js";

/** Takes what workers report of their jobs. */
export class Reporter {
  /** Reports that changed their jobs, by what they said. */
  readonly applied: Record<Outcome["kind"], number> = {
    complete: 0,
    fail: 0,
    release: 0,
    postpone: 0,
    "rate-limited": 0,
  };
  /** Reports that came too late. */
  lost = 0;

  constructor(private readonly batcher: WorkBatcher) {}

  /**
   * Settles jobs. An item may stand for a report that is wrong. Resolves to a verdict or an error for each, in order;
   * never rejects.
   */
  async report(
    queue: string,
    items: readonly (Report | PostaError)[],
    caller?: Waiter,
  ): Promise<(Verdict | PostaError)[]> {
    const reports = items.filter((item): item is Report => !(item instanceof PostaError));
    const results = await this.batcher.report(queue, reports, caller);
    for (const [index, verdict] of results.entries()) this.count(reports[index] as Report, verdict);
    let next = 0;
    return items.map((item) => (item instanceof PostaError ? item : (results[next++] as Verdict | PostaError)));
  }

  private count({ outcome }: Report, verdict: Verdict | PostaError): void {
    if (verdict === "applied") this.applied[outcome.kind] += 1;
    else if (verdict === "lease-lost") this.lost += 1;
  }
}
