import { maxEntryBytes, type UpdateEntry, weigh } from "../outbox/entry.js";
import type { Lease, Step, WorkUpdate } from "../wire/messages.js";

/** Told what became of an update: an Error if it was not written down. */
export type OnUpdated = (error?: "lost" | Error) => void;

/** Something that happened while a job was worked on, until Posta has acknowledged it. */
export class Update implements UpdateEntry {
  readonly kind = "update";
  readonly message: WorkUpdate;
  readonly bytes: number;

  /** Throws for an update that fits into no message. */
  constructor(
    { queue, jobId, leaseToken }: Lease,
    step: Step,
    private readonly onUpdated: OnUpdated,
  ) {
    this.message = { reportId: 0, queue, update: { jobId, leaseToken, ...step } };
    this.bytes = weigh(Object.values(step)[0] ?? "");
    if (this.bytes > maxEntryBytes) throw new Error(`an update of ${this.bytes} bytes is over ${maxEntryBytes}`);
  }

  settle(isLost: boolean): void {
    this.onUpdated(isLost ? "lost" : undefined);
  }

  refuse(problem: string): void {
    this.onUpdated(new Error(problem));
  }
}
