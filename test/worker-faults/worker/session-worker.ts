import { setTimeout as sleep } from "node:timers/promises";
import type { ClientDuplexStream } from "@grpc/grpc-js";
import { TestClient } from "../../support/client.js";
import { type Held, isRetryable, leaseMs, nameOf, type Outcome, toHeld, workOn } from "./job.js";
import { type Ledger, steadyNow } from "./ledger.js";

const seconds = { seconds: leaseMs / 1000, nanos: 0 };
/** How many jobs of each queue the worker takes. */
const maxInFlight = 6;
const intervalMs = leaseMs / 3;
/** A session that lasted shorter than this ended too soon: the worker waits longer before the next. */
const soonMs = 2000;

// biome-ignore lint/suspicious/noExplicitAny: messages of every kind; each place that reads one knows its shape.
type Message = any;

interface Report {
  held: Held;
  outcome: Outcome;
}

/** One stream of the worker. */
interface Session {
  stream: ClientDuplexStream<object, Message>;
  isWelcome: boolean;
  sequence: number;
  /** What came, by the sequence that brought it. */
  assigned: Map<number, Held[]>;
  askedAt: number;
  pongAt: number;
}

/** A worker that follows the checklist for clients of docs/workers.md. */
export class SessionWorker {
  /** By token. A job stays until its report has a result, or its lease is lost. */
  private readonly held = new Map<string, Held>();
  private readonly reports = new Map<number, Report>();
  private readonly updates = new Map<number, { held: Held; from: number }>();
  private client: TestClient;
  private session: Session | undefined;
  private count = 0;
  private isEnding = false;
  private isOver = false;

  constructor(
    private readonly address: string,
    private readonly queues: string[],
    private readonly ledger: Ledger,
  ) {
    this.client = new TestClient(address);
  }

  /** Reconnects for ever. Resolves when the worker has ended. */
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
    const stream = this.session?.stream;
    stream?.pause();
    await sleep(ms);
    stream?.resume();
  }

  /** Takes no more jobs, finishes those that it has, and ends; in bounded time, also if no server answers. */
  async drain(): Promise<void> {
    this.isEnding = true;
    if (this.session?.isWelcome) this.session.stream.write({ drain: {} });
    const until = steadyNow() + 6000;
    while ((this.held.size > 0 || this.reports.size > 0) && steadyNow() < until) await sleep(20);
    this.isOver = true;
    this.session?.stream.end();
    setTimeout(() => this.session?.stream.cancel(), 1000).unref();
  }

  /** Resolves when the session has ended, or its server is about to stop. */
  private async runSession(): Promise<void> {
    const stream = this.client.stream("posta.queue.v1.WorkerService", "Work");
    const now = steadyNow();
    const session = { stream, isWelcome: false, sequence: 0, assigned: new Map(), askedAt: now, pongAt: now };
    this.session = session;
    const beat = setInterval(() => this.beat(session), intervalMs);
    await new Promise<void>((resolve) => {
      stream.on("error", () => {});
      stream.on("status", () => {
        clearInterval(beat);
        resolve();
      });
      stream.on("data", (message) => {
        if (message.message === "leave") {
          // What was on its way may still be answered here; the rest goes to the next session.
          setTimeout(() => stream.end(), 500);
          resolve();
        } else this.hear(session, message);
      });
      stream.write({ hello: this.hello() });
    });
  }

  private hello(): object {
    const resume = [...this.held.values()].map(({ queue, job, token }) => ({ queue, jobId: job, leaseToken: token }));
    const credits = this.queues.map((queue) => ({ queue, maxInFlight: this.isEnding ? 0 : maxInFlight }));
    return { worker: this.ledger.worker, version: "faults 1", credits, lease: seconds, resume: resume.slice(0, 1000) };
  }

  private hear(session: Session, { message: kind, ...message }: Message): void {
    const body = message[kind];
    session.pongAt = steadyNow();
    if (kind === "welcome") this.welcome(session, body);
    else if (kind === "assign") this.assign(session, body);
    else if (kind === "acks") for (const ack of body.acks) this.settle(ack);
    else if (kind === "lost") for (const { leaseToken } of body.leases) this.lose(leaseToken);
    else if (kind === "pong") this.confirm(session, Number(body.ackSequence));
    else if (kind === "cancel") this.cancel(body.lease.leaseToken);
    else if (kind === "drainOrder") void this.drain();
  }

  private welcome(session: Session, { lost }: Message): void {
    session.isWelcome = true;
    const gone = new Set<string>(lost.map(({ leaseToken }: Message) => leaseToken));
    for (const held of [...this.held.values()]) {
      if (gone.has(held.token)) this.lose(held.token);
      else this.ledger.write({ ...nameOf(held), what: "held", from: session.askedAt });
    }
    for (const id of this.reports.keys()) this.send(session, id);
    if (this.isEnding) session.stream.write({ drain: {} });
  }

  private assign(session: Session, { sequence, queue, jobs }: Message): void {
    if (session !== this.session) return; // It was given up: the jobs are back in line.
    session.sequence = Number(sequence);
    const came = jobs.map((job: Message) => toHeld(queue, job)) as Held[];
    session.assigned.set(session.sequence, came);
    for (const held of came) {
      this.ledger.write({ ...nameOf(held), what: "got" });
      this.held.set(held.token, held);
    }
    session.stream.write({ heartbeat: { ackSequence: session.sequence } });
    for (const held of came) void this.work(held);
  }

  private async work(held: Held): Promise<void> {
    const outcome = await workOn(held, this.ledger, (progress) => this.update(held, progress));
    if (!outcome) return;
    const id = ++this.count;
    this.reports.set(id, { held, outcome });
    if (this.session?.isWelcome) this.send(this.session, id);
  }

  private send(session: Session, id: number): void {
    const report = this.reports.get(id);
    if (!report) return;
    const { held, outcome } = report;
    const { queue, job: jobId, token: leaseToken } = held;
    const one = { reportId: id, queue, report: { jobId, leaseToken, ...outcome.message } };
    session.stream.write({ reports: { reports: [one] } });
  }

  private update(held: Held, progress: number): void {
    if (!this.session?.isWelcome) return;
    const id = ++this.count;
    this.updates.set(id, { held, from: steadyNow() });
    const { queue, job: jobId, token: leaseToken } = held;
    const one = { reportId: id, queue, update: { jobId, leaseToken, progressJson: String(progress) } };
    this.session.stream.write({ updates: { updates: [one] } });
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
      setTimeout(() => this.session?.isWelcome && this.send(this.session, id), 200);
      return;
    }
    this.ledger.write({ ...nameOf(report.held), what: "verdict", verdict });
    this.reports.delete(id);
    this.held.delete(report.held.token);
  }

  private lose(token: string): void {
    const held = this.held.get(token);
    // The report of a job that is done has a verdict of its own.
    if (!held || held.isDone) return;
    this.ledger.write({ ...nameOf(held), what: "lost" });
    this.held.delete(token);
    held.stop.abort("lost");
  }

  private cancel(token: string): void {
    const held = this.held.get(token);
    if (!held) return;
    this.ledger.write({ ...nameOf(held), what: "cancel" });
    held.stop.abort("cancelled");
  }

  /** A pong shows that the server knows up to which sequence the worker has its jobs. */
  private confirm(session: Session, acked: number): void {
    for (const [sequence, came] of session.assigned) {
      if (sequence > acked) continue;
      session.assigned.delete(sequence);
      for (const held of came) this.ledger.write({ ...nameOf(held), what: "held" });
    }
  }

  private beat(session: Session): void {
    if (steadyNow() - session.pongAt > 3 * intervalMs) {
      session.stream.cancel();
      // The connection may be dead, and the next stream would go the same way.
      if (session === this.session) {
        this.client.close();
        this.client = new TestClient(this.address);
      }
    } else if (session.isWelcome) session.stream.write({ heartbeat: { ackSequence: session.sequence } });
  }
}
