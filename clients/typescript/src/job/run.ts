import type { Outbox } from "../outbox/outbox.js";
import type { Lease, Outcome, Step } from "../wire/messages.js";
import type { Job } from "./job.js";
import { LeaseLost } from "./outcomes.js";
import { toJson } from "./to-outcome.js";
import { Update } from "./update.js";

/** What a handler gets besides its job. Everything may be taken out of it: `async (job, { signal, log }) => ...`. */
export interface JobContext {
  /** Aborted when the handler should stop. Its reason is a JobCancelled, LeaseLost or WorkerStopped. */
  readonly signal: AbortSignal;
  /** Says how far the job is: any JSON value of at most 64 KiB. Replaces what was said before. */
  readonly progress: (value: unknown) => Promise<void>;
  /** Adds a line to the job's log. After a lost connection, a line may be there twice. */
  readonly log: (line: string) => Promise<void>;
  /** Replaces the job's data: a later attempt gets it. */
  readonly updateData: (value: unknown) => Promise<void>;
}

/** Told by a run what becomes of it. */
export interface RunListener<Data> {
  /** The handler is done, and so are the job's updates. */
  ended(run: Run<Data>, outcome: Outcome): void;
  /** An update heard that the lease is lost. */
  lost(run: Run<Data>): void;
}

/** The most characters of a line that Posta keeps, as one takes at least a byte. */
const maxLine = 16 << 10;

/** A job that the worker holds: its handler runs, or its last updates are on their way. */
export class Run<Data> implements JobContext {
  /** The handler is done. */
  isOver = false;
  isLost = false;
  /** Which acknowledgement covers the job: see HeldRuns. */
  generation = 0;
  /** Why the handler should stop. */
  reason: Error | undefined;
  private controller: AbortController | undefined;
  private openUpdates = 0;
  private outcome: Outcome | undefined;

  constructor(
    readonly lease: Lease,
    readonly job: Job<Data>,
    private readonly outbox: Outbox,
    private readonly listener: RunListener<Data>,
  ) {}

  /** Made when it is first asked for: many handlers never do. */
  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.reason) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  get progress() {
    return (value: unknown) => this.update(() => ({ progressJson: toJson(value) }));
  }

  get log() {
    return (line: string) => this.update(() => ({ log: String(line).slice(0, maxLine) }));
  }

  get updateData() {
    return (value: unknown) => this.update(() => ({ dataJson: toJson(value) }));
  }

  /** Tells the handler to stop. The first reason stays the signal's. */
  abort(reason: Error): void {
    this.reason ??= reason;
    this.controller?.abort(reason);
  }

  /** The handler is done. Its outcome waits for the job's updates, so that each is written down before it. */
  end(outcome: Outcome): void {
    this.isOver = true;
    if (this.openUpdates === 0) this.listener.ended(this, outcome);
    else this.outcome = outcome;
  }

  /** Resolves when Posta has written the update down. A handler need not wait, so a rejection that nobody sees is none. */
  private update(make: () => Step): Promise<void> {
    const written = new Promise<void>((resolve, reject) => {
      if (this.isLost) throw new LeaseLost();
      if (this.isOver) throw new Error("the job is over: update it before its handler ends");
      const update = new Update(this.lease, make(), (error) => {
        this.countUpdated(error === "lost");
        if (error) reject(error === "lost" ? new LeaseLost() : error);
        else resolve();
      });
      this.outbox.add(update);
      this.openUpdates += 1;
    });
    written.catch(() => {});
    return written;
  }

  private countUpdated(isLost: boolean): void {
    this.openUpdates -= 1;
    if (isLost) this.listener.lost(this);
    else if (this.openUpdates === 0 && this.outcome) this.listener.ended(this, this.outcome);
  }
}
