import { type Job, UnrecoverableError, Worker } from "bullmq";
import { type Held, leaseMs, nameOf, workOn } from "./job.js";
import type { Ledger } from "./ledger.js";

/** BullMQ's own Worker on the same queues. */
export class BullWorker {
  private readonly workers: Worker[];
  private end: () => void = () => {};

  constructor(
    socket: string,
    prefix: string,
    queues: string[],
    private readonly ledger: Ledger,
  ) {
    const options = {
      connection: { path: socket, maxRetriesPerRequest: null },
      prefix,
      name: ledger.worker,
      concurrency: 3,
      lockDuration: leaseMs,
      stalledInterval: 1000,
      maxStalledCount: 3,
    };
    this.workers = queues.map((queue) => {
      const worker = new Worker(queue, (job) => this.work(queue, job), options);
      worker.on("error", () => {});
      worker.on("completed", (job) => this.settled(queue, job, "complete"));
      worker.on("failed", (job) => job && this.settled(queue, job, "fail"));
      return worker;
    });
  }

  run(): Promise<void> {
    return new Promise((resolve) => {
      this.end = resolve;
    });
  }

  async drain(): Promise<void> {
    const late = setTimeout(this.end, 6000);
    await Promise.all(this.workers.map((worker) => worker.close()));
    clearTimeout(late);
    this.end();
  }

  private async work(queue: string, job: Job): Promise<unknown> {
    const held = toBullHeld(queue, job);
    this.ledger.write({ ...nameOf(held), what: "got" });
    this.outcomes.delete(`${held.job} ${held.attempt}`);
    const outcome = await workOn(held, this.ledger, () => {}, ["complete", "fail"]);
    this.outcomes.add(`${held.job} ${held.attempt}`);
    if (!outcome || outcome.kind === "complete") return JSON.parse(outcome?.value ?? "null");
    const { fail } = outcome.message as { fail: { unrecoverable: boolean } };
    throw fail.unrecoverable ? new UnrecoverableError(outcome.value) : new Error(outcome.value);
  }

  private readonly outcomes = new Set<string>();

  /** BullMQ tells of failures that are not this attempt's, too. */
  private settled(queue: string, job: Job, outcome: "complete" | "fail"): void {
    const held = toBullHeld(queue, job);
    if (!this.outcomes.delete(`${held.job} ${held.attempt}`)) return;
    this.ledger.write({ ...nameOf(held), what: "verdict", outcome, verdict: "APPLIED" });
  }
}

function toBullHeld(queue: string, { id, attemptsStarted, data }: Job): Held {
  const stop = new AbortController();
  return { queue, job: String(id), attempt: attemptsStarted, token: "", ms: data.ms, stop, isDone: false };
}
