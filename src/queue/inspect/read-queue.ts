import { queueMeta } from "../../store/bullmq/module.js";
import { fromToken, pageSize, toToken } from "../../store/page-token.js";
import { isWrongType } from "../../store/redis/errors.js";
import { defineScript, type Script } from "../../store/redis/scripts.js";
import type { RedisStore } from "../../store/redis/store.js";
import type { Keys } from "../job/keys.js";
import { reservedPrefix } from "../job/names.js";
import { noSuchQueue, rethrow, type State } from "./read-job.js";

/** Limits of a queue over all its workers. An absent field means no limit. */
export interface QueueLimits {
  concurrency?: number;
  rate?: { max: number; durationMs: number };
  /** About how many events the queue keeps. Absent: as many as BullMQ keeps by itself. */
  maxEvents?: number;
}

/** The current state of a queue. */
export interface QueueFigures {
  name: string;
  counts: Record<State, number>;
  paused: boolean;
  limits: QueueLimits;
  completedPerSecond: number;
  failedPerSecond: number;
  /** How long the oldest job that can run has been able to run; undefined: no job can run. */
  oldestDueAgeMs: number | undefined;
  /** Since when that job has been able to run, in milliseconds since 1970. */
  dueSinceMs: number | undefined;
  /** How long the rate limit keeps all jobs back, in milliseconds; 0: not at all. */
  rateLimitedMs: number;
  addedTotal: number;
}

const parts = [
  "meta",
  "id",
  "wait",
  "active",
  "delayed",
  "prioritized",
  "waiting-children",
  "completed",
  "failed",
  "paused",
  "limiter",
];
/** The states whose jobs are in a list of their own. */
export const listedStates: State[] = [
  "waiting",
  "active",
  "delayed",
  "prioritized",
  "waiting-children",
  "completed",
  "failed",
];
const rateWindowMs = 60_000;
const namesAtOnce = 1000;

/** Reads queues as a whole. */
export class QueueReader {
  private readonly readQueue: Script<(string | number)[] | null>;

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
  ) {
    this.readQueue = defineScript(store.client, "queue/read-queue", parts.length);
  }

  /** undefined: there is no such queue. */
  find(queue: string): Promise<QueueFigures | undefined> {
    return this.read(queue).catch(rethrow);
  }

  /**
   * Whether Posta's list of queues has the queue. A queue that is being obliterated stays on the list until the end.
   */
  async isListed(queue: string): Promise<boolean> {
    return (await this.store.client.zscore(this.keys.queues, queue).catch(rethrow)) !== null;
  }

  /** Throws not-found. */
  async get(queue: string): Promise<QueueFigures> {
    const figures = await this.find(queue);
    if (!figures) throw noSuchQueue(queue);
    return figures;
  }

  /** Throws not-found. */
  async requireQueue(queue: string): Promise<void> {
    const exists = await this.store.client.exists(this.keys.of(queue, "meta")).catch(rethrow);
    if (!exists) throw noSuchQueue(queue);
  }

  /** Queues in name order, without those whose names `allowed` refuses. */
  async list(size: number, token: string, allowed: (queue: string) => boolean) {
    const limit = pageSize(size, 50, 100);
    const [after] = fromToken(token, "queues", ([name]) => typeof name === "string") ?? [];
    const names = await this.allowedNames(limit, after === undefined ? undefined : String(after), allowed).catch(
      rethrow,
    );
    const queues = await this.readAll(names).catch(rethrow);
    const last = names.length === limit ? names.at(-1) : undefined;
    return { queues, nextPageToken: last === undefined ? "" : toToken(["queues", last]) };
  }

  /** Finds only names that the caller may see, because a page's token names its last queue. */
  private async allowedNames(
    limit: number,
    after: string | undefined,
    allowed: (queue: string) => boolean,
  ): Promise<string[]> {
    const found: string[] = [];
    for (let last = after; ; ) {
      const names = await this.names(namesAtOnce, last);
      found.push(...names.filter(allowed));
      last = names.at(-1);
      if (found.length >= limit || names.length < namesAtOnce) return found.slice(0, limit);
    }
  }

  /**
   * The figures of up to `count` queues, and how many other queues there are. Posta's own queues come first, then the
   * others in name order. A queue that is gone is left out.
   */
  async watched(count: number): Promise<{ queues: QueueFigures[]; leftOut: number }> {
    const { client } = this.store;
    const [own, first, all] = await Promise.all([
      client.zrangebylex(this.keys.queues, `[${reservedPrefix}`, `[${reservedPrefix}\xff`, "LIMIT", 0, count),
      this.names(count),
      client.zcard(this.keys.queues),
    ]);
    const names = [...new Set([...own, ...first])].slice(0, count);
    return { queues: await this.readAll(names), leftOut: all - names.length };
  }

  /** Names in order, from the first name after `after`. */
  names(count: number, after?: string): Promise<string[]> {
    const from = after === undefined ? "-" : `(${after}`;
    return this.store.client.zrangebylex(this.keys.queues, from, "+", "LIMIT", 0, count);
  }

  /**
   * All commands go out at once, in one round trip. A queue whose key has another type must not hide the other queues.
   */
  private async readAll(names: string[]): Promise<QueueFigures[]> {
    const all = await Promise.all(names.map((name) => this.read(name).catch(leaveOutBroken)));
    return all.filter((figures) => figures !== undefined);
  }

  private async read(queue: string): Promise<QueueFigures | undefined> {
    const now = Date.now();
    const keys = parts.map((part) => this.keys.of(queue, part));
    const answer = await this.readQueue(keys, [this.keys.start(queue), now, rateWindowMs]);
    return answer ? toFigures(queue, now, answer) : undefined;
  }
}

/** Leaves out a queue with a key of another type: BullMQ cannot use such a queue either. */
function leaveOutBroken(error: Error): undefined {
  if (!isWrongType(error)) throw error;
}

function toFigures(name: string, now: number, answer: (string | number)[]): QueueFigures {
  const [paused, concurrency, max, duration, maxEvents, addedTotal, ...rest] = answer;
  const [completed = 0, completedSpan = 1, failed = 0, failedSpan = 1, dueSince = -1, rateLimitedMs = 0] = rest
    .slice(listedStates.length)
    .map(Number);
  return {
    name,
    counts: Object.fromEntries(listedStates.map((state, index) => [state, Number(rest[index])])) as Record<
      State,
      number
    >,
    paused: paused !== "",
    limits: {
      ...(isLimit(concurrency) ? { concurrency: Number(concurrency) } : {}),
      ...(isLimit(max) && isLimit(duration) ? { rate: { max: Number(max), durationMs: Number(duration) } } : {}),
      ...(isUsual(maxEvents) ? {} : { maxEvents: Number(maxEvents) }),
    },
    completedPerSecond: (completed * 1000) / completedSpan,
    failedPerSecond: (failed * 1000) / failedSpan,
    oldestDueAgeMs: dueSince < 0 ? undefined : Math.max(0, now - dueSince),
    dueSinceMs: dueSince < 0 ? undefined : dueSince,
    rateLimitedMs,
    addedTotal: Number(addedTotal),
  };
}

/** Whether a queue keeps as many events as BullMQ does by itself, or has a number that does not fit the contract. */
function isUsual(maxEvents: string | number | undefined): boolean {
  const count = maxEvents === "" ? Number.NaN : Number(maxEvents);
  return count === queueMeta.maxLenEvents || !(count >= 0 && count < 2 ** 31);
}

/** Another program may have written something that is no number, or a number that does not fit the contract. */
function isLimit(value: string | number | undefined): boolean {
  return Number(value) >= 1 && Number(value) < 2 ** 31;
}
