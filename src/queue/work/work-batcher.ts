import type { BatchMetrics } from "../../batching/batch-metrics.js";
import type { BatchStrategy } from "../../batching/batch-strategy.js";
import { GroupCommit } from "../../batching/group-commit.js";
import { KeyedCommits } from "../../batching/keyed-commits.js";
import type { Waiter } from "../../batching/waiter.js";
import { PostaError } from "../../errors/posta-error.js";
import {
  abandonedError,
  bytesOf,
  type Change,
  type DoomedRun,
  type LeasedJob,
  type LeaseRequest,
  type Verdict,
} from "./work.js";
import type { LeaseHint } from "./work-answer.js";
import type { WorkScript } from "./work-script.js";

/** A change of a job, or a request for jobs: both share one run of a script, so finishing and fetching cost one round trip. */
type Item = { change: Change } | { request: LeaseRequest };

export interface LeaseAnswer {
  jobs: LeasedJob[];
  doomed: DoomedRun[];
  hint: LeaseHint;
}

/** "again": the run had no room for the request any more. */
type Result = Verdict | LeaseAnswer | "again";

/** The most bytes that the changes of one batch bring. A larger change goes without others. */
const maxChangedBytes = 1 << 20;

/**
 * One batch is in flight for each queue: a report that frees a place goes before the request that needs the place. The
 * script itself bounds what requests get.
 */
const workBatches: BatchStrategy<Item> = {
  maxBatch: 100,
  maxInFlight: 1,
  abandonedError,
  begin() {
    let bytes = 0;
    return (item) => {
      const more = "change" in item ? bytesOf(item.change) : 0;
      if (bytes > 0 && more > 0 && bytes + more > maxChangedBytes) return false;
      bytes += more;
      return true;
    };
  },
};

/** Group commit of what workers report and ask for, for each queue. */
export class WorkBatcher {
  private readonly commits: KeyedCommits<Item, Result>;

  constructor(script: WorkScript, metrics?: BatchMetrics) {
    this.commits = new KeyedCommits((queue) => {
      return new GroupCommit((items) => write(script, queue, items), workBatches, metrics);
    });
  }

  /** Changes jobs. Resolves to a verdict or an error for each change, in order; never rejects. */
  async change(queue: string, changes: readonly Change[], waiter?: Waiter): Promise<(Verdict | PostaError)[]> {
    const items = changes.map((change) => ({ change }));
    return (await this.commits.pushAll(queue, items, waiter)) as (Verdict | PostaError)[];
  }

  /** Leases jobs. Rejects with a PostaError if the store failed. */
  async lease(queue: string, request: LeaseRequest, waiter?: Waiter): Promise<LeaseAnswer> {
    for (;;) {
      const [answer] = await this.commits.pushAll(queue, [{ request }], waiter);
      if (answer instanceof PostaError) throw answer;
      if (answer !== "again") return answer as LeaseAnswer;
    }
  }
}

async function write(script: WorkScript, queue: string, items: Item[]): Promise<(Result | PostaError)[]> {
  const changes = items.flatMap((item) => ("change" in item ? [item.change] : []));
  const requests = items.flatMap((item) => ("request" in item ? [item.request] : []));
  const { verdicts, leases, doomed, hint } = await script.run(queue, changes, requests);
  let [nextChange, nextRequest] = [0, 0];
  return items.map((item) => {
    if ("change" in item) return verdicts[nextChange++] as Verdict | PostaError;
    const place = nextRequest++;
    const jobs = leases[place];
    return jobs ? { jobs, doomed: doomed[place] as DoomedRun[], hint } : "again";
  });
}
