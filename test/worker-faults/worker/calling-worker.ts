import { setTimeout as sleep } from "node:timers/promises";
import { type Held, isRetryable, leaseMs, nameOf, type Outcome, toHeld, workOn } from "./job.js";
import { steadyNow } from "./ledger.js";
import { RemoteWorker } from "./remote-worker.js";

const lease = { seconds: leaseMs / 1000, nanos: 0 };
const maxInFlight = 5;

/** A worker that makes single calls: LeaseJobs, ExtendLeases, UpdateLeasedJobs, ReportOutcomes. */
export class CallingWorker extends RemoteWorker {
  private readonly reports = new Map<string, { held: Held; outcome: Outcome }>();

  async run(): Promise<void> {
    const leasing = this.queues.map((queue) => this.repeat(() => this.isEnding || this.lease(queue)));
    const rest = [() => this.extend(), () => this.report()].map((step) => this.repeat(step));
    await Promise.all([...leasing, ...rest]);
    this.client.close();
  }

  async drain(): Promise<void> {
    this.isEnding = true;
    const until = steadyNow() + 6000;
    while (this.held.size > 0 && steadyNow() < until) await sleep(20);
    this.isOver = true;
  }

  private async repeat(step: () => Promise<unknown> | boolean): Promise<void> {
    while (!this.isOver) {
      await Promise.resolve(step()).catch(() => sleep(100 + 200 * Math.random()));
      await sleep(10);
    }
  }

  /** A call that never ends may have met a process that hangs: the next goes by another connection. */
  private async call(method: string, request: object, deadlineMs: number) {
    const { client } = this;
    return client.worker(method, request, { deadlineMs }).catch((error) => {
      if (client === this.client) this.reconnect();
      throw error;
    });
  }

  private async lease(queue: string): Promise<void> {
    const maxJobs = maxInFlight - [...this.held.values()].filter((held) => held.queue === queue).length;
    if (maxJobs <= 0) return;
    const from = steadyNow();
    const request = { queue, worker: this.ledger.worker, maxJobs, lease, wait: { seconds: 2, nanos: 0 } };
    if (Math.random() < 0.05) return this.giveUp(request);
    const { jobs, drain } = await this.call("LeaseJobs", request, 6000);
    if (drain) void this.drain();
    for (const job of jobs) {
      const held = toHeld(queue, job);
      this.ledger.write({ ...nameOf(held), what: "got", from });
      this.held.set(held.token, held);
      void this.work(held);
    }
  }

  /** Goes away while it waits, or while jobs are leased to it. */
  private async giveUp(request: object): Promise<void> {
    const cancel = this.client.cancellable("posta.queue.v1.WorkerService", "LeaseJobs", request);
    await sleep(Math.random() * 20);
    cancel();
  }

  private async work(held: Held): Promise<void> {
    const outcome = await workOn(held, this.ledger, (progress) => void this.update(held, progress));
    if (outcome) this.reports.set(held.token, { held, outcome });
  }

  private async update(held: Held, progress: number): Promise<void> {
    const from = steadyNow();
    const updates = [{ jobId: held.job, leaseToken: held.token, progressJson: String(progress) }];
    const answer = await this.call("UpdateLeasedJobs", { queue: held.queue, updates }, 2000).catch(() => undefined);
    const verdict = answer?.results[0].verdict.replace("REPORT_VERDICT_", "");
    if (verdict) this.ledger.write({ ...nameOf(held), what: "updated", from, verdict });
  }

  private async extend(): Promise<void> {
    await sleep(leaseMs / 3);
    for (const queue of this.queues) {
      const some = [...this.held.values()].filter((held) => held.queue === queue);
      if (some.length === 0) continue;
      const from = steadyNow();
      const leases = some.map(({ job: jobId, token: leaseToken }) => ({ jobId, leaseToken }));
      const { results } = await this.call("ExtendLeases", { queue, leases, lease }, 2000);
      for (const [index, held] of some.entries()) {
        if (!results[index].held) this.lose(held.token);
        else this.ledger.write({ ...nameOf(held), what: "held", from });
        if (results[index].cancel) this.cancel(held.token);
      }
    }
  }

  private async report(): Promise<void> {
    for (const queue of this.queues) {
      const some = [...this.reports.values()].filter(({ held }) => held.queue === queue);
      if (some.length === 0) continue;
      const reports = some.map(({ held: { job: jobId, token: leaseToken }, outcome }) => {
        return { jobId, leaseToken, ...outcome.message };
      });
      const { results } = await this.call("ReportOutcomes", { queue, reports }, 2000);
      for (const [index, { held }] of some.entries()) {
        const { verdict, error } = results[index];
        if (error && isRetryable(error.code)) continue;
        const said = error ? `ERROR ${error.code}` : verdict.replace("REPORT_VERDICT_", "");
        this.ledger.write({ ...nameOf(held), what: "verdict", verdict: said });
        this.reports.delete(held.token);
        this.held.delete(held.token);
      }
    }
  }
}
