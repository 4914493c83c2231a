import type { Lease, ReportResult } from "../wire/messages.js";
import { toRetryMs } from "../wire/retry.js";
import type { Entry } from "./entry.js";
import { Repeats } from "./repeats.js";

/** Updates that wait, in bytes. Reports are bounded by the number of jobs that the worker has. */
const maxUpdateBytes = 64 << 20;

/** Told when there is something to send, and when something is settled. */
export interface OutboxListener {
  added(): void;
  settled(): void;
}

/**
 * What Posta has to be told, across sessions. An entry waits, is taken by a session, and comes back if the session ends
 * before the acknowledgement. It leaves when Posta has acknowledged it, or will never take it.
 */
export class Outbox {
  private waiting: Entry[] = [];
  private readonly failed = new Repeats((entries) => this.putBack(entries));
  private size = 0;
  private updateBytes = 0;
  private count = 0;
  /** Runs while nothing is to be sent. */
  private pause: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(private readonly listener: OutboxListener) {}

  get isEmpty(): boolean {
    return this.size === 0;
  }

  /** How many entries have no acknowledgement. */
  get open(): number {
    return this.size;
  }

  get hasWaiting(): boolean {
    return this.waiting.length > 0;
  }

  /** Throws if too many updates wait: their job should wait for them. */
  add(entry: Entry): void {
    if (entry.kind === "update") {
      if (this.isClosed) throw new Error("the worker has stopped");
      if (this.updateBytes + entry.bytes > maxUpdateBytes)
        throw new Error(`updates of ${maxUpdateBytes} bytes wait for Posta: await each before the next`);
      this.updateBytes += entry.bytes;
    }
    entry.message.reportId = ++this.count;
    this.size += 1;
    this.waiting.push(entry);
    this.listener.added();
  }

  /** Takes the next entries, up to so many. The caller owns them until they are settled or put back. */
  take(most: number): Entry[] {
    if (this.pause) return [];
    return this.waiting.splice(0, most);
  }

  /** Takes entries back whose session ended before they were acknowledged. */
  putBack(entries: Entry[]): void {
    if (entries.length === 0) return;
    this.waiting = [...entries, ...this.waiting];
    this.listener.added();
  }

  /** Posta is too busy to take anything: all waits for `ms` milliseconds, or up to half as long again. */
  rest(ms: number): void {
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.goOn(), ms * (1 + Math.random() / 2));
  }

  /** Says what became of an entry. Answers whether it is tried again later. */
  settle(entry: Entry, { verdict, error }: ReportResult): boolean {
    const retryMs = error ? toRetryMs(error) : undefined;
    if (retryMs !== undefined) {
      this.failed.add(entry, retryMs);
      return true;
    }
    if (error) this.refuse(entry, error.message);
    else {
      this.forget(entry);
      entry.settle(verdict === "REPORT_VERDICT_LEASE_LOST");
      this.listener.settled();
    }
    return false;
  }

  /** Gives an entry up, which Posta will never take. */
  refuse(entry: Entry, problem: string): void {
    entry.refuse(problem);
    this.forget(entry);
    this.listener.settled();
  }

  /** The jobs whose reports no session has. */
  unsentLeases(): Lease[] {
    const leases: Lease[] = [];
    for (const { kind, message } of [...this.waiting, ...this.failed.all()]) {
      if (kind !== "report") continue;
      const { jobId, leaseToken } = message.report;
      leases.push({ queue: message.queue, jobId, leaseToken });
    }
    return leases;
  }

  /** Gives up what waits. Answers how many jobs have no acknowledged report. */
  close(): number {
    this.isClosed = true;
    clearTimeout(this.pause);
    const left = [...this.waiting.splice(0), ...this.failed.all()];
    this.failed.clear();
    for (const entry of left) if (entry.kind === "update") entry.refuse("the worker has stopped");
    return left.filter(({ kind }) => kind === "report").length;
  }

  private goOn(): void {
    this.pause = undefined;
    this.listener.added();
  }

  private forget(entry: Entry): void {
    this.size -= 1;
    if (entry.kind === "update") this.updateBytes -= entry.bytes;
  }
}
