import { setTimeout as sleep } from "node:timers/promises";
import { type Held, isRetryable, leaseMs, nameOf, type Outcome, toHeld, workOn } from "./job.js";
import { steadyNow } from "./ledger.js";
import { RemoteWorker } from "./remote-worker.js";
import { type Message, SessionStream } from "./session-stream.js";

const lease = { seconds: leaseMs / 1000, nanos: 0 };
/** How many jobs of each queue the worker takes. */
const maxInFlight = 6;
/** A session that lasted shorter than this ended too soon: the worker waits longer before the next. */
const soonMs = 2000;

interface Report {
  held: Held;
  outcome: Outcome;
}

/** A worker that follows the checklist for clients of docs/workers.md. */
export class SessionWorker extends RemoteWorker {
  private readonly reports = new Map<number, Report>();
  private readonly updates = new Map<number, { held: Held; from: number }>();
  /** What came in the current session and no pong has confirmed, by the sequence that brought it. */
  private assigned = new Map<number, Held[]>();
  private session: SessionStream | undefined;
  private count = 0;

  /** Reconnects for ever. */
  async run(): Promise<void> {
    let pauseMs = 100;
    while (!this.isOver) {
      const begun = steadyNow();
      await this.runSession();
      if (steadyNow() - begun > soonMs) pauseMs = 100;
      await sleep(pauseMs * (0.5 + Math.random()));
      pauseMs = Math.min(pauseMs * 2, 1000);
    }
    this.client.close();
  }

  /** Reads nothing for so long. */
  async turnDeaf(ms: number): Promise<void> {
    const { session } = this;
    session?.turnDeaf(true);
    await sleep(ms);
    session?.turnDeaf(false);
  }

  async drain(): Promise<void> {
    this.isEnding = true;
    this.session?.say({ drain: {} });
    const until = steadyNow() + 6000;
    while ((this.held.size > 0 || this.reports.size > 0) && steadyNow() < until) await sleep(20);
    this.isOver = true;
    this.session?.end();
    setTimeout(() => this.session?.cancel(), 1000).unref();
  }

  /** Resolves when the session has ended, or its server is about to stop. */
  private async runSession(): Promise<void> {
    const stream = this.client.stream("posta.queue.v1.WorkerService", "Work");
    const session = new SessionStream(stream, (message) => this.hear(session, message));
    this.session = session;
    this.assigned = new Map();
    await session.run(this.hello());
    this.reconnect();
  }

  private hello(): object {
    const resume = [...this.held.values()].map(({ queue, job, token }) => ({ queue, jobId: job, leaseToken: token }));
    const credits = this.queues.map((queue) => ({ queue, maxInFlight: this.isEnding ? 0 : maxInFlight }));
    return { worker: this.ledger.worker, version: "faults 1", credits, lease, resume: resume.slice(0, 1000) };
  }

  private hear(session: SessionStream, { message: kind, ...message }: Message): void {
    const body = message[kind];
    if (kind === "welcome") this.welcome(session, body);
    else if (kind === "assign") this.assign(session, body);
    else if (kind === "acks") for (const ack of body.acks) this.settle(ack);
    else if (kind === "lost") for (const { leaseToken } of body.leases) this.lose(leaseToken);
    else if (kind === "pong") this.confirm(session, Number(body.ackSequence));
    else if (kind === "cancel") this.cancel(body.lease.leaseToken);
    else if (kind === "drainOrder") void this.drain();
  }

  private welcome(session: SessionStream, { lost }: Message): void {
    const gone = new Set<string>(lost.map(({ leaseToken }: Message) => leaseToken));
    for (const held of [...this.held.values()]) {
      if (gone.has(held.token)) this.lose(held.token);
      else this.ledger.write({ ...nameOf(held), what: "held", from: session.askedAt });
    }
    for (const id of this.reports.keys()) this.send(id);
    if (this.isEnding) session.say({ drain: {} });
  }

  private assign(session: SessionStream, { sequence, queue, jobs }: Message): void {
    if (session !== this.session) return; // It was given up: the jobs are back in line.
    session.sequence = Number(sequence);
    const came = jobs.map((job: Message) => toHeld(queue, job)) as Held[];
    this.assigned.set(session.sequence, came);
    for (const held of came) {
      this.ledger.write({ ...nameOf(held), what: "got" });
      this.held.set(held.token, held);
    }
    session.beat();
    for (const held of came) void this.work(held);
  }

  private async work(held: Held): Promise<void> {
    const outcome = await workOn(held, this.ledger, (progress) => this.update(held, progress));
    if (!outcome) return;
    const id = ++this.count;
    this.reports.set(id, { held, outcome });
    this.send(id);
  }

  private send(id: number): void {
    const report = this.reports.get(id);
    if (!report) return;
    const { queue, job: jobId, token: leaseToken } = report.held;
    const one = { reportId: id, queue, report: { jobId, leaseToken, ...report.outcome.message } };
    this.session?.say({ reports: { reports: [one] } });
  }

  private update(held: Held, progress: number): void {
    if (!this.session?.isWelcome) return;
    const id = ++this.count;
    this.updates.set(id, { held, from: steadyNow() });
    const { queue, job: jobId, token: leaseToken } = held;
    const one = { reportId: id, queue, update: { jobId, leaseToken, progressJson: String(progress) } };
    this.session.say({ updates: { updates: [one] } });
  }

  private settle({ reportId, result }: Message): void {
    const verdict = result.error ? `ERROR ${result.error.code}` : result.verdict.replace("REPORT_VERDICT_", "");
    const id = Number(reportId);
    const updated = this.updates.get(id);
    this.updates.delete(id);
    if (updated) this.ledger.write({ ...nameOf(updated.held), what: "updated", from: updated.from, verdict });
    const report = this.reports.get(id);
    if (!report) return;
    if (result.error && isRetryable(result.error.code)) {
      setTimeout(() => this.send(id), 200);
      return;
    }
    this.ledger.write({ ...nameOf(report.held), what: "verdict", verdict });
    this.reports.delete(id);
    this.held.delete(report.held.token);
  }

  /** A pong shows that the server knows up to which sequence the worker has its jobs. */
  private confirm(session: SessionStream, acked: number): void {
    if (session !== this.session) return;
    for (const [sequence, came] of this.assigned) {
      if (sequence > acked) continue;
      this.assigned.delete(sequence);
      for (const held of came) this.ledger.write({ ...nameOf(held), what: "held" });
    }
  }
}
