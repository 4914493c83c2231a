import { type StatusObject, status } from "@grpc/grpc-js";
import type { Outbox } from "../outbox/outbox.js";
import { takeBack } from "../outbox/take-back.js";
import { type Lease, toDuration, type WorkHello } from "../wire/messages.js";
import { Backoff } from "./backoff.js";
import { type ConnectionOptions, connect } from "./connection.js";
import { Session, type SessionJobs, type SessionListener } from "./session.js";

/** The most leases in a hello. */
const maxResumed = 1000;
/** Only a person can change what makes a server refuse a hello with these. */
const refusals = new Set([
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.INVALID_ARGUMENT,
  status.UNIMPLEMENTED,
]);

type Ending = Pick<StatusObject, "code" | "details">;

export interface KeeperOptions extends ConnectionOptions {
  queue: string;
  name: string;
  version: string;
  addresses: readonly string[];
  leaseMs: number;
  minPauseMs: number;
  maxPauseMs: number;
}

export interface KeptJobs extends SessionJobs {
  leases(): Lease[];
}

/** Told how the connection to Posta is. */
export interface KeeperListener {
  connected(address: string): void;
  disconnected(end: Error, retryMs: number): void;
  /** Posta lets this worker do nothing: a person has to change that. */
  refused(end: Error, retryMs: number): void;
  drainOrdered(): void;
  /** There may be nothing left to wait for. */
  drained(): void;
}

/** Keeps a session open. Tries again for ever, as a server that is away comes back, and grants are mended. */
export class SessionKeeper implements SessionListener {
  /** The session that brings jobs, or is about to. */
  private current: Session | undefined;
  /** Sessions of servers that stop. They acknowledge what they were sent. */
  private readonly leaving = new Set<Session>();
  private readonly backoff: Backoff;
  private addressIndex: number;
  private pause: NodeJS.Timeout | undefined;
  private isDraining = false;
  private isClosed = false;
  private onClosed: (() => void) | undefined;

  constructor(
    private readonly options: KeeperOptions,
    private readonly jobs: KeptJobs,
    private readonly outbox: Outbox,
    private readonly listener: KeeperListener,
  ) {
    this.backoff = new Backoff(options.minPauseMs, options.maxPauseMs);
    this.addressIndex = Math.floor(Math.random() * options.addresses.length);
  }

  /** Begins a session on the next address. */
  open(): void {
    this.pause = undefined;
    const { addresses, queue } = this.options;
    const address = addresses[this.addressIndex++ % addresses.length] as string;
    const { jobs, outbox } = this;
    try {
      const parts = { queue, jobs, outbox, listener: this };
      this.current = new Session(address, connect(address, this.options), this.hello(), parts);
    } catch (error) {
      const details = (error as Error).message;
      this.reopen({ address, welcomedAt: undefined }, { code: status.INVALID_ARGUMENT, details });
    }
  }

  /** There is something to say. */
  flushSoon(): void {
    (this.current ?? [...this.leaving].at(-1))?.flushSoon();
  }

  setCredit(): void {
    this.current?.setCredit();
  }

  /** Asks for no more jobs, now and in later sessions. */
  drain(): void {
    this.isDraining = true;
    this.current?.drain();
  }

  /** No session brings more jobs. */
  get isDrained(): boolean {
    // A session without a welcome has brought nothing, and what it still brings goes back when it is closed.
    return !this.current || this.current.isDrained || this.current.welcomedAt === undefined;
  }

  get isConnected(): boolean {
    return this.current?.welcomedAt !== undefined;
  }

  /** Ends all sessions. Resolves within a second, whatever the servers do. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.pause);
    const ended = new Promise<void>((resolve) => {
      this.onClosed = resolve;
    });
    for (const session of this.sessions()) session.close();
    if (this.sessions().length > 0) await ended;
  }

  welcomed(session: Session): void {
    if (session !== this.current) {
      session.end(); // Its server stops already.
      return;
    }
    for (const old of this.leaving) old.end();
    if (this.isDraining) session.drain();
    this.listener.connected(session.address);
  }

  left(session: Session): void {
    if (this.isClosed) return;
    this.leaving.add(session);
    if (session !== this.current) return;
    this.current = undefined;
    const ms = this.backoff.nextAfterLeave(session.welcomedAt);
    this.pause = setTimeout(() => this.open(), ms);
  }

  drainOrdered(): void {
    this.listener.drainOrdered();
  }

  drained(): void {
    this.listener.drained();
  }

  ended(session: Session, end: StatusObject): void {
    this.leaving.delete(session);
    const isCurrent = session === this.current;
    if (isCurrent) this.current = undefined;
    takeBack(this.outbox, session.takeSent(), end);
    if (this.isClosed && this.sessions().length === 0) this.onClosed?.();
    if (isCurrent && !this.isClosed) this.reopen(session, end);
    this.listener.drained();
  }

  private reopen({ address, welcomedAt }: Pick<Session, "address" | "welcomedAt">, { code, details }: Ending): void {
    const isRefused = welcomedAt === undefined && refusals.has(code);
    const ms = isRefused ? this.backoff.slow() : this.backoff.next(welcomedAt);
    this.pause = setTimeout(() => this.open(), ms);
    const error = new Error(`${address}: ${status[code]}: ${details}`);
    if (isRefused) this.listener.refused(error, ms);
    else this.listener.disconnected(error, ms);
  }

  private hello(): WorkHello {
    const { name: worker, version, queue, leaseMs } = this.options;
    // What a session of a stopping server has sent is settled there.
    const resume = [...this.jobs.leases(), ...this.outbox.unsentLeases()].slice(0, maxResumed);
    this.jobs.acknowledged();
    const credits = [{ queue, maxInFlight: this.jobs.credit }];
    return { worker, version, credits, lease: toDuration(leaseMs), resume };
  }

  private sessions(): Session[] {
    return this.current ? [this.current, ...this.leaving] : [...this.leaving];
  }
}
