import { Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { type Entry, isLarge, toRequests } from "../outbox/entry.js";
import type { Outbox } from "../outbox/outbox.js";
import type { CancelOrder, Lease, WireJob, WorkAck, WorkHello, WorkRequest, WorkResponse } from "../wire/messages.js";
import { toMs } from "../wire/messages.js";
import type { Connection } from "./connection.js";
import { Pulse } from "./pulse.js";

/** Entries without an acknowledgement: half of what makes Posta stop reading. */
const maxSent = 1000;

/** The jobs of the worker, as a session sees them. */
export interface SessionJobs {
  /** How many jobs the worker takes at a time. */
  readonly credit: number;
  /** Whether it holds jobs that came since the last acknowledgement. */
  readonly hasFresh: boolean;
  acknowledged(): void;
  start(queue: string, jobs: readonly WireJob[]): void;
  lose(leases: readonly Lease[]): void;
  cancel(lease: Lease, order: CancelOrder): void;
}

/** Told what becomes of a session. */
export interface SessionListener {
  welcomed(session: Session): void;
  /** The server stops: another session is needed. */
  left(session: Session): void;
  /** An operator wants the worker to end. */
  drainOrdered(): void;
  /** The session brings no more jobs. */
  drained(): void;
  ended(session: Session, end: StatusObject): void;
}

export interface SessionParts {
  queue: string;
  jobs: SessionJobs;
  outbox: Outbox;
  listener: SessionListener;
}

type Kind = WorkResponse["message"];
type Takers = { [K in Kind]: (response: Extract<WorkResponse, { message: K }>) => void };

/**
 * The worker's side of one stream. What is said in one turn of the event loop goes in as few messages as fit. Nothing but
 * the hello is said before the welcome.
 */
export class Session {
  /** When the server welcomed the worker, on performance.now()'s clock; undefined: not yet. */
  welcomedAt: number | undefined;
  /** No more jobs come. */
  isDrained = false;
  private readonly sent = new Map<number, Entry>();
  private sequence = 0;
  private readonly pulse: Pulse;
  private isFlushing = false;
  private hasNewCredit = false;
  private mustAcknowledge = false;
  private isEnding = false;
  private isOver = false;

  constructor(
    readonly address: string,
    private readonly connection: Connection,
    hello: WorkHello,
    private readonly parts: SessionParts,
  ) {
    const { stream } = connection;
    stream.on("data", (response: WorkResponse) => this.take(response));
    stream.on("status", (end: StatusObject) => this.finish(end));
    stream.on("error", () => {}); // The status says the same.
    stream.write({ hello });
    const told = { beat: () => this.acknowledge(), dead: (details: string) => this.kill(details) };
    this.pulse = new Pulse(told, toMs(hello.lease));
  }

  /** Sends what there is to say, at the end of this turn of the event loop. */
  flushSoon(): void {
    if (this.isFlushing || this.welcomedAt === undefined || this.isOver) return;
    this.isFlushing = true;
    setImmediate(() => this.flush());
  }

  /** Tells the server how many jobs the worker takes now. */
  setCredit(): void {
    this.hasNewCredit = true;
    this.flushSoon();
  }

  /** Asks for no more jobs. */
  drain(): void {
    if (this.welcomedAt !== undefined) this.write({ drain: {} });
  }

  /** Ends the worker's side as soon as all that was sent is acknowledged. */
  end(): void {
    this.isEnding = true;
    this.endWhenSettled();
  }

  /** Ends the session. A server that does not end its side, too, is left after a second. */
  close(): void {
    this.isEnding = true;
    if (this.welcomedAt === undefined) this.kill("the worker stops");
    if (this.isOver || this.connection.stream.writableEnded) return;
    this.pulse.awaitEnd();
    this.connection.stream.end();
  }

  /** What was sent and not acknowledged, for the next session. */
  takeSent(): Entry[] {
    const entries = [...this.sent.values()];
    this.sent.clear();
    return entries;
  }

  private readonly takers: Takers = {
    welcome: ({ welcome }) => {
      this.welcomedAt = performance.now();
      this.pulse.welcomed(toMs(welcome.heartbeatInterval));
      this.parts.jobs.lose(welcome.lost);
      this.parts.listener.welcomed(this);
      this.flushSoon();
    },
    assign: ({ assign }) => {
      this.sequence = assign.sequence;
      this.parts.jobs.start(assign.queue, assign.jobs);
      this.flushSoon();
    },
    acks: ({ acks }) => this.settle(acks.acks),
    lost: ({ lost }) => this.parts.jobs.lose(lost.leases),
    pong: () => this.pulse.answered(),
    drained: () => {
      this.isDrained = true;
      this.parts.listener.drained();
    },
    leave: () => this.parts.listener.left(this),
    cancel: ({ cancel }) => this.parts.jobs.cancel(cancel.lease, cancel.order),
    drainOrder: () => this.parts.listener.drainOrdered(),
  };

  private take(response: WorkResponse): void {
    if (this.isOver) return;
    // A server that is newer than this library may say more.
    const taker = this.takers[response.message] as ((response: WorkResponse) => void) | undefined;
    taker?.(response);
  }

  private flush(): void {
    this.isFlushing = false;
    if (this.isOver) return;
    const { jobs, outbox, queue } = this.parts;
    if (this.hasNewCredit) this.write({ credit: { queue, maxInFlight: jobs.credit } });
    this.hasNewCredit = false;
    const entries = this.isEnding ? [] : outbox.take(maxSent - this.sent.size);
    for (const entry of entries) this.sent.set(entry.message.reportId, entry);
    // A report says as well that its job has arrived, unless the report waits, or is refused with the whole session.
    const isUnsure = this.mustAcknowledge || outbox.hasWaiting || entries.some(isLarge);
    if (jobs.hasFresh || isUnsure) this.acknowledge();
    for (const request of toRequests(entries)) this.write(request);
    this.endWhenSettled();
  }

  private acknowledge(): void {
    this.mustAcknowledge = false;
    this.parts.jobs.acknowledged();
    this.write({ heartbeat: { ackSequence: this.sequence } });
  }

  private settle(acks: readonly WorkAck[]): void {
    for (const { reportId, result } of acks) {
      const entry = this.sent.get(reportId);
      if (!entry) continue;
      this.sent.delete(reportId);
      // A job whose report has failed is the worker's still, so its arrival has to be acknowledged.
      if (this.parts.outbox.settle(entry, result)) this.mustAcknowledge = true;
    }
    if (this.mustAcknowledge || this.parts.outbox.hasWaiting) this.flushSoon();
    this.endWhenSettled();
  }

  private endWhenSettled(): void {
    if (this.isEnding && this.sent.size === 0 && !this.isFlushing) this.close();
  }

  private write(request: WorkRequest): void {
    if (!this.isOver && !this.connection.stream.writableEnded) this.connection.stream.write(request);
  }

  private kill(details: string): void {
    this.finish({ code: status.UNAVAILABLE, details, metadata: new Metadata() });
    this.connection.stream.cancel();
  }

  private finish(end: StatusObject): void {
    if (this.isOver) return;
    this.isOver = true;
    this.pulse.stop();
    this.connection.close();
    this.parts.listener.ended(this, end);
  }
}
