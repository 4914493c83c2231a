import type { ServerDuplexStream } from "@grpc/grpc-js";
import { invalid, PostaError } from "../../errors/posta-error.js";
import type { WorkCredit__Output as WorkCredit } from "../../gen/posta/queue/v1/WorkCredit.js";
import type { WorkHello__Output as Hello } from "../../gen/posta/queue/v1/WorkHello.js";
import type { WorkRequest__Output as WorkRequest } from "../../gen/posta/queue/v1/WorkRequest.js";
import type { WorkResponse } from "../../gen/posta/queue/v1/WorkResponse.js";
import { toDuration } from "../../rpc/contract/times.js";
import type { StreamContext } from "../../rpc/method.js";
import type { StatusMap } from "../../rpc/status.js";
import { OpenWeight, type Weight } from "../../rpc/stream/open-weight.js";
import { readOneAhead, setPaused } from "../../rpc/stream/read-ahead.js";
import { refuseMalformed, stoppingError } from "../../rpc/stream/stream-end.js";
import type { CancelOrder } from "../work/cancel-order.js";
import type { WorkerRegistry } from "../work/registry/worker-registry.js";
import type { HeldLease } from "../work/session/held-leases.js";
import { Session, type SessionParts } from "../work/session/session.js";
import { type ConnectionLimits, sessionTime } from "../work/session/session-age.js";
import type { LeaseName } from "../work/work.js";
import { toLeasedJob } from "./convert-leased-job.js";
import { toCredit, toCredits, toResume, toSessionOptions } from "./convert-session.js";
import { toCancelMessage } from "./convert-workers.js";
import { WorkChanges } from "./work-changes.js";

/** How long a session may take to begin, in milliseconds. */
const helloMs = 10_000;
/** How long a server takes reports of a session that it has asked to leave, in milliseconds. */
const leaveMs = 5000;

export interface WorkStreamParts extends SessionParts {
  registry: WorkerRegistry;
  connections: ConnectionLimits;
  maxJobBytes: number;
  statuses: StatusMap;
}

type Stream = ServerDuplexStream<WorkRequest, WorkResponse>;
type Message = NonNullable<WorkRequest["message"]>;

/**
 * A session over gRPC: messages to the session, and what the session says to messages. Messages are handled in their
 * order.
 */
export class WorkStream {
  private session: Session | undefined;
  private readonly changes: WorkChanges;
  /** What the worker has sent and has no answer yet. */
  private readonly open = new OpenWeight();
  private failure: unknown;
  private finish: (() => void) | undefined;
  private isOver = false;

  constructor(
    private readonly stream: Stream,
    private readonly context: StreamContext,
    private readonly closing: AbortSignal,
    private readonly parts: WorkStreamParts,
  ) {
    this.changes = new WorkChanges({
      ...parts,
      context,
      acknowledge: (acks) => this.write({ acks: { acks } }),
      begin: (weight) => this.beginOpen(weight),
    });
  }

  /** Resolves when the worker has ended its side, or is gone. Rejects with what ends the session otherwise. */
  async run(): Promise<void> {
    const { stream, closing } = this;
    const leave = () => void this.leave(stoppingError());
    const lastsMs = sessionTime(this.context.connectionAgeMs, this.parts.connections);
    const old = setTimeout(() => void this.leave(ageError()), lastsMs);
    const unborn = setTimeout(() => this.session ?? this.end(invalid("message", "no hello came")), helloMs);
    readOneAhead(stream);
    try {
      await new Promise<void>((resolve) => {
        this.finish = resolve;
        stream.on("data", (message: WorkRequest) => this.accept(message));
        stream.on("drain", () => this.goOn());
        stream.on("end", () => this.finishWhenSettled());
        stream.on("cancelled", () => this.end());
        closing.addEventListener("abort", leave, { once: true });
        if (closing.aborted) this.end(stoppingError());
      });
    } finally {
      clearTimeout(unborn);
      clearTimeout(old);
      closing.removeEventListener("abort", leave);
      if (this.session) {
        this.parts.registry.remove(this.session);
        await this.session.end();
      }
    }
    if (this.failure !== undefined) throw this.failure;
  }

  private accept(message: WorkRequest): void {
    if (this.isOver) return;
    try {
      refuseMalformed(message);
      this.session?.hear();
      this.handle(message);
    } catch (error) {
      this.end(error);
    }
  }

  private handle({ message: kind, ...message }: WorkRequest): void {
    if (kind === undefined)
      throw invalid("message", "is required: hello, credit, heartbeat, reports, updates or drain");
    if (kind === "hello") this.begin(message.hello as Hello);
    else if (!this.session) throw invalid("message", `${kind} came before the hello`);
    else this.handlers[kind](this.session, message);
  }

  private readonly handlers: Record<Exclude<Message, "hello">, (session: Session, message: WorkRequest) => void> = {
    credit: (session, { credit }) => {
      const { queue, max } = toCredit(credit as WorkCredit, "credit", this.context);
      session.setCredit(queue, max, "credit.queue");
    },
    heartbeat: (session, { heartbeat }) => {
      const ackSequence = heartbeat?.ackSequence ?? 0;
      this.write({ pong: { ackSequence } });
      void session.heartbeat(ackSequence);
    },
    reports: (session, { reports }) => this.changes.report(session, reports?.reports ?? []),
    updates: (session, { updates }) => this.changes.update(session, updates?.updates ?? []),
    drain: (session) => {
      const done = this.beginOpen({ items: 1, bytes: 0 });
      void session.drain().then((lastSequence) => {
        this.output.drained(lastSequence);
        done();
      });
    },
  };

  private begin(hello: Hello): void {
    if (this.session) throw invalid("message", "a second hello came");
    if (this.closing.aborted) throw stoppingError();
    const credits = toCredits(hello.credits, this.context);
    const resumed = toResume(hello.resume, this.context);
    const session = new Session(this.parts, { ...toSessionOptions(hello), output: this.output });
    this.session = session;
    for (const { queue, max } of credits) session.setCredit(queue, max, "hello.credits");
    const welcome = (lost: HeldLease[]) => {
      const heartbeatInterval = toDuration(session.intervalMs);
      this.write({ welcome: { heartbeatInterval, lost: lost.map(toLease) } });
      if (this.isOver || this.closing.aborted) return;
      session.start();
      this.parts.registry.add(session);
    };
    session.resume(resumed).then(welcome, (error) => this.end(error));
  }

  private readonly output = {
    isFull: () => this.stream.writableNeedDrain,
    assign: (sequence: number, queue: string, jobs: Parameters<typeof toLeasedJob>[0][]) => {
      this.write({ assign: { sequence, queue, jobs: jobs.map(toLeasedJob) } });
    },
    lost: (leases: HeldLease[]) => this.write({ lost: { leases: leases.map(toLease) } }),
    cancel: (order: CancelOrder) => this.write({ cancel: { lease: toLease(order), order: toCancelMessage(order) } }),
    drainOrder: () => this.write({ drainOrder: {} }),
    drained: (lastSequence: number) => this.write({ drained: { lastSequence } }),
    silent: (error: PostaError) => this.end(error),
  };

  /** The worker reads again what it is sent. */
  private goOn(): void {
    this.readOrRest();
    this.session?.goOn();
  }

  /** A message is open, until the returned function is called. */
  private beginOpen(weight: Weight): () => void {
    this.open.add(weight);
    this.readOrRest();
    return () => {
      this.open.remove(weight);
      this.readOrRest();
      if (this.stream.readableEnded) this.finishWhenSettled();
    };
  }

  /** Reads while not too much is open, and the worker reads what it is sent. */
  private readOrRest(): void {
    setPaused(this.stream, this.open.isFull || this.stream.writableNeedDrain);
  }

  /** The worker is to open another session: no more jobs, and reports for a while. */
  private async leave(error: PostaError): Promise<void> {
    await this.session?.drain();
    this.write({ leave: {} });
    setTimeout(() => this.end(error), leaveMs).unref();
  }

  private finishWhenSettled(): void {
    if (this.open.isEmpty) this.end();
  }

  /** Ends the session. Without an error, its worker has ended it. */
  private end(error?: unknown): void {
    if (this.isOver) return;
    this.isOver = true;
    this.failure = error;
    this.stream.pause();
    this.finish?.();
  }

  private write(response: WorkResponse): void {
    if (this.isOver || this.stream.cancelled) return;
    this.stream.write(response);
    this.readOrRest();
  }
}

function ageError(): PostaError {
  return new PostaError("unavailable", "the session has reached its age: open a new one", { retryAfterMs: 100 });
}

function toLease({ queue, jobId, token }: LeaseName & { queue: string }) {
  return { queue, jobId, leaseToken: token };
}
