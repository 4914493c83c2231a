import { PostaError } from "../../../errors/posta-error.js";
import type { Logger } from "../../../telemetry/log/log.js";
import type { CancelOrder } from "../cancel-order.js";
import type { Leaser } from "../leaser.js";
import type { LeaseExtender } from "../leases/lease-extender.js";
import type { ListedSession } from "../registry/worker-registry.js";
import type { Reporter } from "../reporter.js";
import type { LeasedJob, Report, Update, Verdict } from "../work.js";
import { Feeds } from "./feeds.js";
import { Heartbeats } from "./heartbeats.js";
import { type HeldLease, HeldLeases } from "./held-leases.js";
import { Silence } from "./silence.js";

/**
 * A worker takes a stream for dead after three intervals without a pong. Then half of the lease is left to open another
 * session and to show its jobs there.
 */
const intervalsInLease = 6;
/** A worker that was silent for so many intervals gets no more jobs until it is heard again. */
const quietIntervals = 3;
/** A lease is extended after this part of it: each second heartbeat extends it. */
const extendedPart = 1 / 4;
/** The same order may come with a slightly different end, as clocks are compared anew, in milliseconds. */
const sameMs = 1000;
/** A worker waits an interval for its welcome. A store that is away may delay the welcome by this part of it. */
const resumedPart = 0.8;

/** What a session tells its worker. */
interface SessionOutput {
  /** Whether the worker does not read what it was sent. */
  isFull(): boolean;
  assign(sequence: number, queue: string, jobs: LeasedJob[]): void;
  lost(leases: HeldLease[]): void;
  cancel(order: CancelOrder): void;
  /** An operator wants the worker to end. */
  drainOrder(): void;
  /** The worker gets no more jobs. */
  drained(lastSequence: number): void;
  /** The worker has been silent for too long. */
  silent(error: PostaError): void;
}

export interface SessionParts {
  leaser: Leaser;
  reporter: Reporter;
  extender: LeaseExtender;
  log: Logger;
}

export interface SessionOptions {
  worker: string;
  /** What the worker runs; "": it does not say. */
  version: string;
  leaseMs: number;
  output: SessionOutput;
}

/**
 * A worker's session. It keeps no state that another server would need: what it knows of leases only says which leases
 * the next heartbeat extends, and which go back in line when the session ends.
 */
export class Session implements ListedSession {
  readonly intervalMs: number;
  private readonly feeds: Feeds;
  private readonly held = new HeldLeases();
  private sequence = 0;
  private acked = 0;
  private readonly heartbeats: Heartbeats;
  private isDraining = false;
  private isOrdered = false;
  private readonly silence: Silence;
  private readonly startedAt = Date.now();
  /** When the worker's queues, jobs or state changed last. */
  private changedAt = this.startedAt;
  private static count = 0;
  private readonly number = ++Session.count;

  constructor(
    private readonly parts: SessionParts,
    private readonly options: SessionOptions,
  ) {
    this.intervalMs = Math.floor(options.leaseMs / intervalsInLease);
    this.heartbeats = new Heartbeats({
      held: this.held,
      extender: parts.extender,
      leaseMs: options.leaseMs,
      freshMs: options.leaseMs * extendedPart,
      onCancel: (order) => this.cancel(order),
    });
    const problem = `the worker was silent for its whole lease of ${options.leaseMs} ms`;
    this.silence = new Silence({
      quietMs: this.intervalMs * quietIntervals,
      mostMs: options.leaseMs,
      onHeard: () => this.feeds.goOn(),
      onMost: () => options.output.silent(new PostaError("expired", problem)),
    });
    this.feeds = new Feeds({
      leaser: parts.leaser,
      request: { worker: options.worker, leaseMs: options.leaseMs },
      isFull: () => this.silence.isQuiet || options.output.isFull(),
      log: parts.log,
      assign: (queue, jobs) => this.assign(queue, jobs),
    });
  }

  /**
   * Takes over jobs from an earlier session, and extends their leases. Answers those that are lost. Waits some time for a
   * store that is away, and then rejects: until the leases are extended, the end of the earlier session may take the jobs
   * back.
   */
  async resume(leases: readonly HeldLease[]): Promise<HeldLease[]> {
    for (const lease of leases) if (this.held.add(lease)) this.feeds.count(lease.queue, 1);
    const lost = await this.heartbeats.resume(this.intervalMs * resumedPart, this.feeds.ending);
    this.count(lost, -1);
    return lost;
  }

  /** The worker takes up to so many jobs of a queue at a time. Throws invalid for too many queues. */
  setCredit(queue: string, max: number, field: string): void {
    this.changedAt = Date.now();
    const held = () => this.held.byQueue((lease) => lease.queue === queue).get(queue)?.length ?? 0;
    this.feeds.setMax(queue, max, held, field);
  }

  /** Sends jobs from now on. */
  start(): void {
    this.feeds.start();
  }

  /** The worker reads again. */
  goOn(): void {
    this.feeds.goOn();
  }

  /** Any message of the worker: it is alive. */
  hear(): void {
    this.silence.hear();
  }

  /** Extends the leases of all jobs that the worker has received and not reported, and tells it which are lost. */
  async heartbeat(ackSequence: number): Promise<void> {
    this.acked = Math.max(this.acked, Math.min(ackSequence, this.sequence));
    const lost = await this.heartbeats.beat(this.acked);
    this.count(lost, -1);
    if (lost.length > 0) this.options.output.lost(lost);
  }

  /**
   * Settles jobs of a queue. The places of the jobs are free at once, so that finishing them and fetching the next ones
   * share one run of a script. A job whose report fails is still the worker's.
   */
  async report(queue: string, items: readonly (Report | PostaError)[]): Promise<(Verdict | PostaError)[]> {
    const reported = this.parts.reporter.report(queue, items);
    const freed = items.map((item) => (item instanceof PostaError ? undefined : this.held.remove(item)));
    this.count(freed, -1);
    const results = await reported;
    const kept = freed.filter((lease, index) => lease && results[index] instanceof PostaError);
    for (const lease of kept) if (lease) this.held.add(lease);
    this.count(kept, 1);
    return results;
  }

  /** Writes down what happens while jobs of a queue are worked on. */
  update(queue: string, items: readonly (Update | PostaError)[]): Promise<(Verdict | PostaError)[]> {
    return this.parts.reporter.update(queue, items);
  }

  /** Tells the worker to stop working on a job, if it has the job. Tells it again only if it has less time than it knew. */
  cancel(order: CancelOrder): void {
    const lease = this.held.get(order);
    if (!lease || order.endsAt >= (lease.cancelledUntil ?? Number.POSITIVE_INFINITY) - sameMs) return;
    lease.cancelledUntil = order.endsAt;
    this.options.output.cancel(order);
  }

  /** Asks the worker, once, to end, and sends it no more jobs. */
  async orderDrain(): Promise<void> {
    if (this.isOrdered) return;
    this.isOrdered = true;
    this.options.output.drainOrder();
    this.options.output.drained(await this.drain());
  }

  /** Sends no more jobs. Resolves to the last sequence when all that were leased are sent. */
  async drain(): Promise<number> {
    this.isDraining = true;
    this.changedAt = Date.now();
    await this.feeds.end();
    return this.sequence;
  }

  /** Ends the session. Jobs that the worker has not acknowledged go back in line at once. */
  async end(): Promise<void> {
    this.silence.stop();
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

  get worker(): string {
    return this.options.worker;
  }

  get queues(): string[] {
    return this.feeds.loads.map(({ queue }) => queue);
  }

  /** How many jobs the worker takes at a time, of all its queues, and how many it has. */
  get load(): { max: number; inFlight: number } {
    return this.feeds.load;
  }

  /** The worker as ListWorkers shows it. `number` is unique in this process. */
  info(): ReturnType<ListedSession["info"]> {
    const { worker, version } = this.options;
    const queues = this.feeds.loads;
    const { number, startedAt, changedAt, isDraining } = this;
    const seenAt = this.silence.heardAt;
    return { worker, version, inSession: true, queues, startedAt, seenAt, isDraining, number, changedAt };
  }

  private assign(queue: string, jobs: LeasedJob[]): void {
    const { leaseMs, output } = this.options;
    this.sequence += 1;
    this.changedAt = Date.now();
    this.held.addJobs(queue, jobs, this.sequence, leaseMs);
    output.assign(this.sequence, queue, jobs);
  }

  /** Counts jobs that the worker has (1), or has no more (-1). */
  private count(leases: readonly (HeldLease | undefined)[], change: 1 | -1): void {
    for (const lease of leases) if (lease) this.feeds.count(lease.queue, change);
    if (leases.length > 0) this.changedAt = Date.now();
  }
}
