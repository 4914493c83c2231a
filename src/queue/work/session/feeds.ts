import { setMaxListeners } from "node:events";
import { invalid } from "../../../errors/posta-error.js";
import type { LeasedJob } from "../work.js";
import { Feed, type FeedParts } from "./feed.js";

/** The most queues of a session. */
const maxQueues = 100;

/** What all feeds of a session share. */
interface FeedsParts extends Omit<FeedParts, "assign"> {
  /** Sends jobs of a queue to the worker. */
  assign(queue: string, jobs: LeasedJob[]): void;
}

/** How many jobs a worker takes at a time, and how many it has. */
interface Load {
  max: number;
  inFlight: number;
}

/** The feeds of a session: one for each queue that its worker takes jobs of. */
export class Feeds {
  private readonly feeds = new Map<string, Feed>();
  private readonly feeding = new AbortController();
  private isStarted = false;

  constructor(private readonly parts: FeedsParts) {
    setMaxListeners(0, this.feeding.signal); // Some for each queue.
  }

  /** Aborted once no more jobs are sent. */
  get ending(): AbortSignal {
    return this.feeding.signal;
  }

  /**
   * The worker takes up to `max` jobs of a queue at a time. `held`: how many it has, if the queue is new. Throws invalid for
   * too many queues.
   */
  setMax(queue: string, max: number, held: () => number, field: string): void {
    const known = this.feeds.get(queue);
    if (known) known.setMax(max);
    else if (this.feeds.size >= maxQueues) throw invalid(field, `is one of over ${maxQueues} queues of this session`);
    else this.add(queue, max, held());
  }

  /** Sends jobs from now on. */
  start(): void {
    this.isStarted = true;
    for (const feed of this.feeds.values()) feed.start(this.feeding.signal);
  }

  /** The worker reads again, or is heard again. */
  goOn(): void {
    for (const feed of this.feeds.values()) feed.goOn();
  }

  /** Counts jobs of a queue that the worker has (1), or has no more (-1). */
  count(queue: string, jobs: number): void {
    this.feeds.get(queue)?.count(jobs);
  }

  /** Sends no more jobs. Resolves when all that were leased are sent. */
  async end(): Promise<void> {
    this.feeding.abort();
    await Promise.all([...this.feeds.values()].map((feed) => feed.untilEnded()));
  }

  /** The load of each queue. */
  get loads(): (Load & { queue: string })[] {
    return [...this.feeds.values()].map(({ queue, max, inFlight }) => ({ queue, max, inFlight }));
  }

  /** The load of all queues together. */
  get load(): Load {
    const load = { max: 0, inFlight: 0 };
    for (const { max, inFlight } of this.feeds.values()) {
      load.max += max;
      load.inFlight += inFlight;
    }
    return load;
  }

  private add(queue: string, max: number, held: number): void {
    const assign = (jobs: LeasedJob[]) => this.parts.assign(queue, jobs);
    const feed = new Feed(queue, max, held, { ...this.parts, assign });
    this.feeds.set(queue, feed);
    if (this.isStarted) feed.start(this.feeding.signal);
  }
}
