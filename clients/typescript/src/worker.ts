import { EventEmitter } from "node:events";
import { logEvents, type WorkerEvents } from "./events.js";
import type { Handler } from "./job/handler.js";
import { WorkerStopped } from "./job/outcomes.js";
import { Runs, type RunsListener } from "./job/runs.js";
import { readOptions, type Settings, type WorkerOptions } from "./options.js";
import { Outbox } from "./outbox/outbox.js";
import { type KeeperListener, SessionKeeper } from "./session/keeper.js";
import { forgetStop, stopAtSignal } from "./signals.js";

/** How long a stop waits for handlers that were told to stop, and for their reports, in milliseconds. */
const abortMs = 1000;

/**
 * Does the jobs of a queue from now on, until it is stopped. It keeps a session with Posta, however often that breaks.
 * Throws for options that are out of range.
 */
export function worker<Data = unknown, Result = unknown>(
  queue: string,
  handler: Handler<Data, Result>,
  options: WorkerOptions = {},
): Worker<Data> {
  return new Worker<Data>(readOptions(queue, options), handler);
}

/** A worker that runs. It emits {@link WorkerEvents}. */
export class Worker<Data = unknown> extends EventEmitter<WorkerEvents<Data>> {
  /** Resolves when it has stopped, for whatever reason. */
  readonly stopped: Promise<void>;
  private readonly outbox: Outbox;
  private readonly runs: Runs<Data>;
  private readonly keeper: SessionKeeper;
  private onQuiet: (() => void) | undefined;
  private onStopped: () => void = () => {};
  private isStopping = false;

  /** Use {@link worker}. */
  constructor(
    private readonly settings: Settings,
    handler: Handler<Data, unknown>,
  ) {
    super();
    this.stopped = new Promise((resolve) => {
      this.onStopped = resolve;
    });
    this.outbox = new Outbox({ added: () => this.keeper.flushSoon(), settled: () => this.checkQuiet() });
    this.runs = new Runs(handler, settings.concurrency, this.outbox, this.listenToRuns());
    this.keeper = new SessionKeeper(settings, this.runs, this.outbox, this.listenToKeeper());
    logEvents(this, settings.queue, settings.log);
    if (settings.stopOnSignals) stopAtSignal(this.stopNow);
    this.keeper.open();
  }

  /** Its name, as ListWorkers shows it. */
  get name(): string {
    return this.settings.name;
  }

  /** Whether it has a session with Posta now. */
  get isConnected(): boolean {
    return this.keeper.isConnected;
  }

  /** How many jobs it holds now. */
  get running(): number {
    return this.runs.size;
  }

  /**
   * Takes no more jobs, and lets those that run go on for `stopMs`. Then aborts their signals, and ends two seconds later at
   * the latest. Resolves when it has stopped; never rejects.
   */
  stop(): Promise<void> {
    this.stopNow();
    return this.stopped;
  }

  private readonly stopNow = () => {
    if (this.isStopping) return;
    this.isStopping = true;
    forgetStop(this.stopNow);
    void this.drain();
  };

  private async drain(): Promise<void> {
    this.runs.drain();
    this.keeper.drain();
    if (!(await this.untilQuiet(this.settings.stopMs))) {
      this.runs.abortAll(new WorkerStopped());
      await this.untilQuiet(abortMs);
    }
    const running = this.runs.close();
    await this.keeper.close();
    this.tell("stopped", { running, unreported: this.outbox.close() });
    this.onStopped();
  }

  /** Whether nothing is left to do or to report, waiting up to so many milliseconds for that. */
  private untilQuiet(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      this.onQuiet = () => {
        clearTimeout(timer);
        resolve(true);
      };
      this.checkQuiet();
    });
  }

  private checkQuiet(): void {
    if (this.runs.size === 0 && this.outbox.isEmpty && this.keeper.isDrained) this.onQuiet?.();
  }

  private listenToRuns(): RunsListener<Data> {
    return {
      completed: (job) => this.tell("completed", job),
      failed: (job, error) => this.tell("failed", job, error),
      lost: (job) => this.tell("lost", job),
      unreported: (job, problem) => this.tell("unreported", job, problem),
      creditChanged: () => this.keeper.setCredit(),
      ended: () => this.checkQuiet(),
    };
  }

  private listenToKeeper(): KeeperListener {
    return {
      connected: (address) => this.tell("connected", address),
      disconnected: (error, ms) => this.tell("disconnected", error, ms),
      refused: (error, ms) => this.tell("refused", error, ms),
      drained: () => this.checkQuiet(),
      drainOrdered: () => {
        this.tell("drainOrdered");
        this.stopNow();
      },
    };
  }

  /** A listener that throws is the program's mistake, and must not keep a job from being reported. */
  private tell<Name extends keyof WorkerEvents<Data>>(name: Name, ...values: WorkerEvents<Data>[Name]): void {
    try {
      (this as EventEmitter).emit(name, ...values);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }
}
