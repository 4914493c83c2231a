import type { Waiter } from "../../batching/waiter.js";
import { readBullLua } from "../../store/bullmq/lua-functions.js";
import { rethrowStoreError } from "../../store/redis/errors.js";
import { defineScript, type Script } from "../../store/redis/scripts.js";
import type { RedisStore } from "../../store/redis/store.js";
import type { State } from "../inspect/read-job.js";
import type { Keys } from "../job/keys.js";

/** How many jobs one script run looks at. Redis serves other clients between two runs. */
const chunkJobs = 1000;
/**
 * A scan ends this long before the caller's deadline, in milliseconds. So the caller still learns how many jobs were
 * removed.
 */
const answerMs = 100;

/** The states whose jobs can be cleaned. */
type CleanableState = Exclude<State, "active">;

/** Which jobs to remove. */
export interface CleanQuery {
  queue: string;
  state: CleanableState;
  /** Only jobs of this time or before, in milliseconds since 1970; undefined: all. */
  notAfter?: number;
  /** The most jobs to remove; undefined: all. */
  limit?: number;
}

export interface Cleaned {
  removed: number;
  /** The scan ended before the last job: at the limit, or because the caller no longer waits. */
  more: boolean;
}

/** Where the jobs of a state are. */
interface Place {
  part: string;
  kind: "list" | "set";
  /**
   * The fields with a job's time, as in BullMQ's own clean: the first that the job has counts. Empty: the job's score
   * in the set is its time.
   */
  timeFields: string[];
}

const inLine: Place = { part: "wait", kind: "list", timeFields: ["finishedOn", "processedOn", "timestamp"] };
const places: Record<CleanableState, Place[]> = {
  // Older versions of BullMQ kept a paused queue's jobs in a list of their own.
  waiting: [{ ...inLine, part: "paused" }, inLine],
  delayed: [{ part: "delayed", kind: "set", timeFields: ["processedOn", "timestamp"] }],
  prioritized: [{ part: "prioritized", kind: "set", timeFields: ["timestamp"] }],
  "waiting-children": [{ part: "waiting-children", kind: "set", timeFields: ["timestamp"] }],
  completed: [{ part: "completed", kind: "set", timeFields: [] }],
  failed: [{ part: "failed", kind: "set", timeFields: [] }],
};

/** Whether jobs of a state can be cleaned. */
export function isCleanable(state: string): state is CleanableState {
  return Object.hasOwn(places, state);
}

/** How many jobs of a place were kept so far, and the id and the score of the last of them. */
type Cursor = [kept: number, id: string, score: string];

/** Removes jobs of one state, a chunk at a time, for any number of jobs. */
export class QueueCleaner {
  private readonly cleanJobs: Script<[removed: number, isEnd: number, ...Cursor]>;

  constructor(
    store: RedisStore,
    private readonly keys: Keys,
  ) {
    const before = readBullLua("getTimestamp", "isJobSchedulerJob", "removeJob");
    this.cleanJobs = defineScript(store.client, "queue/clean-jobs", 3, { before });
  }

  /** Throws if the store failed. Some of the jobs may be removed by then. */
  async clean(
    { queue, state, notAfter, limit = Number.POSITIVE_INFINITY }: CleanQuery,
    caller: Waiter,
  ): Promise<Cleaned> {
    const total: Cleaned = { removed: 0, more: false };
    for (const place of places[state]) {
      const rest = { notAfter, limit: limit - total.removed };
      const { removed, more } = await this.cleanPlace(queue, place, rest, caller);
      total.removed += removed;
      total.more ||= more;
    }
    return total;
  }

  private async cleanPlace(
    queue: string,
    { part, kind, timeFields }: Place,
    { notAfter, limit }: { notAfter: number | undefined; limit: number },
    caller: Waiter,
  ): Promise<Cleaned> {
    const keys = [part, "events", "repeat"].map((name) => this.keys.of(queue, name));
    let [removed, cursor]: [number, Cursor] = [0, [0, "", ""]];
    // Runs at least once: even if no more jobs may be removed, the run shows whether there are more.
    do {
      const most = Math.min(limit - removed, chunkJobs);
      const args = [this.keys.start(queue), kind, notAfter ?? "", most, chunkJobs, ...cursor, ...timeFields];
      const [count, isEnd, ...next] = await this.cleanJobs(keys, args).catch(rethrowStoreError);
      removed += count;
      cursor = next;
      if (isEnd === 1) return { removed, more: false };
      if (!isAwaited(caller)) break;
    } while (removed < limit);
    return { removed, more: true };
  }
}

function isAwaited({ cancelled, deadline }: Waiter): boolean {
  return !cancelled && deadline - Date.now() > answerMs;
}
