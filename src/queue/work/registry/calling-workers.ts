import { LRUCache } from "lru-cache";
import type { Listed } from "./worker-info.js";

/** A worker that has not called for so long is gone, in milliseconds. */
const callingMs = 60_000;
/** The most workers that a server remembers. */
const maxWorkers = 10_000;
/** The most queues that are shown of one worker. */
const maxQueues = 100;

/** The workers that lease jobs by single calls, as this server has seen them. */
export class CallingWorkers {
  private readonly workers = new LRUCache<string, Listed>({ max: maxWorkers, ttl: callingMs });
  private count = 0;

  /** A worker asks for jobs of a queue. */
  note(worker: string, queue: string): void {
    const now = Date.now();
    const known = this.workers.get(worker) ?? this.create(worker, now);
    known.seenAt = now;
    if (known.queues.length < maxQueues && !known.queues.some((one) => one.queue === queue)) {
      known.queues.push({ queue, max: 0, inFlight: 0 });
      known.changedAt = now;
    }
    this.workers.set(worker, known);
  }

  /** Those that have called lately. */
  get all(): Iterable<Listed> {
    this.workers.purgeStale();
    return this.workers.values();
  }

  private create(worker: string, now: number): Listed {
    this.count += 1;
    const shown = { version: "", inSession: false, queues: [], startedAt: now, seenAt: now, isDraining: false };
    return { worker, ...shown, number: -this.count, changedAt: now };
  }
}
