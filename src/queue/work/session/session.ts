import { PostaError } from "../../../errors/posta-error.js";
import type { LeaseExtender } from "../lease-extender.js";
import type { Leaser } from "../leaser.js";
import type { Reporter } from "../reporter.js";
import type { LeasedJob, Report, Verdict } from "../work.js";
import { Feed } from "./feed.js";
import { type HeldLease, HeldLeases } from "./held-leases.js";

/** A worker is silent for too long after this many intervals without a message. */
const silentIntervals = 3;
/** A heartbeat extends the leases, so it must come well within them. */
const intervalsInLease = 3;

/** What a session tells its worker. */
interface SessionOutput {
  /** Whether the worker does not read what it was sent. */
  isFull(): boolean;
  assign(sequence: number, queue: string, jobs: LeasedJob[]): void;
  lost(leases: HeldLease[]): void;
  /** The worker has been silent for too long. */
  silent(error: PostaError): void;
}

export interface SessionParts {
  leaser: Leaser;
  reporter: Reporter;
  extender: LeaseExtender;
}

export interface SessionOptions {
  worker: string;
  leaseMs: number;
  output: SessionOutput;
}

/**
 * A worker's session. It keeps no state that another server would need: what it knows of leases only says which leases
 * the next heartbeat extends, and which go back in line when the session ends.
 */
export class Session {
  readonly intervalMs: number;
  private readonly feeds = new Map<string, Feed>();
  private readonly held = new HeldLeases();
  private readonly feeding = new AbortController();
  private sequence = 0;
  private acked = 0;
  private watchdog: NodeJS.Timeout | undefined;

  constructor(
    private readonly parts: SessionParts,
    private readonly options: SessionOptions,
  ) {
    this.intervalMs = Math.floor(options.leaseMs / intervalsInLease);
    this.hear();
  }

  /** Takes over jobs from an earlier session, and extends their leases. Answers those that are lost. */
  async resume(leases: readonly HeldLease[]): Promise<HeldLease[]> {
    for (const lease of leases) this.held.add(lease);
    const lost = await this.extend((lease) => lease.sequence === 0);
    for (const lease of leases) if (this.held.has(lease)) this.feeds.get(lease.queue)?.count(1);
    return lost;
  }

  /** The worker takes up to so many jobs of a queue at a time. */
  setCredit(queue: string, max: number): void {
    const feed = this.feeds.get(queue);
    if (feed) feed.setMax(max);
    else this.feeds.set(queue, this.createFeed(queue, max));
  }

  /** Sends jobs from now on. */
  start(): void {
    for (const feed of this.feeds.values()) feed.start(this.feeding.signal);
  }

  /** The worker reads again. */
  goOn(): void {
    for (const feed of this.feeds.values()) feed.goOn();
  }

  /** Any message of the worker: it is alive. */
  hear(): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => {
      const problem = `the worker was silent for ${silentIntervals} intervals of ${this.intervalMs} ms`;
      this.options.output.silent(new PostaError("expired", problem));
    }, silentIntervals * this.intervalMs);
  }

  /** Extends the leases of all jobs that the worker has received and not reported. Tells it which are lost. */
  async heartbeat(ackSequence: number): Promise<void> {
    this.acked = Math.max(this.acked, Math.min(ackSequence, this.sequence));
    const lost = await this.extend(({ sequence }) => sequence <= this.acked);
    for (const { queue } of lost) this.feeds.get(queue)?.count(-1);
    if (lost.length > 0) this.options.output.lost(lost);
  }

  /**
   * Settles jobs of a queue. The places of the jobs are free at once, so that finishing them and fetching the next ones
   * share one run of a script.
   */
  report(queue: string, items: readonly (Report | PostaError)[]): Promise<(Verdict | PostaError)[]> {
    const results = this.parts.reporter.report(queue, items);
    let freed = 0;
    for (const item of items) if (!(item instanceof PostaError) && this.held.remove(item)) freed += 1;
    if (freed > 0) this.feeds.get(queue)?.count(-freed);
    return results;
  }

  /** Sends no more jobs. Resolves to the last sequence when all that were leased are sent. */
  async drain(): Promise<number> {
    this.feeding.abort();
    await Promise.all([...this.feeds.values()].map((feed) => feed.untilEnded()));
    return this.sequence;
  }

  /** Ends the session. Jobs that the worker has not acknowledged go back in line at once. */
  async end(): Promise<void> {
    clearTimeout(this.watchdog);
    await this.drain();
    const unseen = this.held.byQueue(({ sequence }) => sequence > this.acked);
    const backs = [...unseen].map(([queue, leases]) => {
      return this.parts.leaser.putBack(
        queue,
        leases.map(({ jobId: id, token }) => ({ id, token })),
      );
    });
    await Promise.all(backs);
  }

  private createFeed(queue: string, max: number): Feed {
    const { worker, leaseMs, output } = this.options;
    return new Feed(queue, max, {
      leaser: this.parts.leaser,
      request: { worker, leaseMs },
      isFull: () => output.isFull(),
      assign: (_, jobs) => {
        this.sequence += 1;
        this.held.addJobs(queue, jobs, this.sequence);
        output.assign(this.sequence, queue, jobs);
      },
    });
  }

  /** Extends leases, and forgets those that are lost, which it answers. A store that fails now is asked again later. */
  private async extend(which: (lease: HeldLease) => boolean): Promise<HeldLease[]> {
    const byQueue = [...this.held.byQueue(which)];
    const { extender } = this.parts;
    const results = await Promise.all(
      byQueue.map(([queue, leases]) => extender.extend(queue, leases, this.options.leaseMs)),
    );
    const lost = byQueue.flatMap(([, leases], index) => leases.filter((_, place) => results[index]?.[place] === false));
    // What was reported meanwhile is no loss.
    return lost.filter((lease) => this.held.remove(lease));
  }
}
