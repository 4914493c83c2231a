import cluster, { type Worker } from "node:cluster";
import { EventEmitter, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError } from "../../src/config/config.js";
import type { SchemaState } from "../../src/process/process.js";
import type { Logger } from "../../src/telemetry/log/log.js";
import { closeLostConnections } from "./handoffs.js";
import { readMessage } from "./message-reader.js";
import { type ChildRole, othersServe, type ToPrimary, unfitExitCode } from "./messages.js";

/** So many exits in so long a time are a crash loop: more starts would only hide it. */
const crashLoop = { exits: 5, windowMs: 30_000 };
/** How long a new child may take until it serves, in a rolling restart, beside the time that a migration takes. */
const servingTimeoutMs = 30_000;
/** What a child may take beyond its drain time-out before it is killed. */
const killAfterMs = 3000;
/** A child tells of itself each second (child.ts); one that is silent for so long hangs. */
const silentAfterMs = 3000;

/** A child process and what it last said of itself. */
export interface Child {
  readonly worker: Worker;
  /** By its own word; Supervisor.serves tells whether it still can. */
  serving: boolean;
  /** When it was last heard of, by performance.now(). */
  heardAt: number;
  /** A rolling restart started it, and it has not served yet: if it ends, nothing is lost, and the old one stays. */
  onTrial: boolean;
  /** How far its database's schema is; undefined before it first said so. */
  schema: SchemaState | undefined;
}

/** What a kind of child is, and how it is run. */
export interface Role {
  name: ChildRole;
  /** How many there are. */
  count: number;
  /** Node's own options, beyond the primary's. */
  flags: string[];
  /** What a child's environment has beyond the primary's. */
  env: Record<string, string>;
}

interface Events {
  /** A child's message that is not for the supervisor. */
  message: [Child, ToPrimary];
  /** The names of what a child said, and cannot be read. */
  unread: [Child, string[]];
  /** A child is gone. */
  exit: [Child];
  /** No use going on. */
  fatal: [Error];
}

/** Keeps a number of children running: starts them again with a growing delay, rolls them, stops them. */
export class Supervisor extends EventEmitter<Events> {
  readonly children = new Set<Child>();
  restarts = 0;
  /** Why the last rolling restart was given up; undefined if it was not. */
  rollProblem: string | undefined;
  /** Told to drain, and not gone yet; each resolves when it is. */
  private readonly draining = new Map<Child, Promise<void>>();
  private readonly exits: number[] = [];
  private stopping = false;
  private rolling = false;
  private unfit: string | undefined;

  constructor(
    readonly role: Role,
    private readonly drainTimeoutMs: number,
    private readonly log: Logger,
  ) {
    super();
  }

  start(): void {
    this.fill();
  }

  get servingCount(): number {
    return [...this.children].filter((child) => this.serves(child)).length;
  }

  /** It said so, and is heard of: one that is stopped, or in an endless loop, cannot take its word back. */
  serves(child: Child): boolean {
    return child.serving && !this.isSilent(child);
  }

  isSilent(child: Child): boolean {
    return performance.now() - child.heardAt > silentAfterMs;
  }

  /** What a rolling restart waits for; undefined if for nothing. */
  get rollWaits(): string | undefined {
    return [...this.children].find((child) => isMigrating(child) && child.onTrial)?.schema?.detail;
  }

  /** One by one: a new child serves before an old one drains. Gives up, and keeps the old, if a new one does not serve. */
  async roll(): Promise<void> {
    if (this.rolling || this.stopping) return;
    this.rolling = true;
    try {
      for (const old of [...this.children]) {
        if (this.stopping) return;
        if (!this.children.has(old)) continue; // It ended by itself, and another takes its place.
        await this.untilServing(this.fork(true));
        await this.drain(old);
      }
      this.rollProblem = undefined;
      this.log.info(`rolling restart: done (${this.role.name} processes)`);
    } catch (error) {
      this.rollProblem = (error as Error).message;
      if (!this.stopping) this.log.error(`rolling restart: given up: ${this.rollProblem}`);
    } finally {
      this.rolling = false;
      this.fill();
    }
  }

  /** Drains all children; resolves when they are gone. */
  async stop(): Promise<void> {
    this.stopping = true;
    for (const child of this.children) void this.drain(child);
    await Promise.all(this.draining.values());
  }

  /** Ends all children at once. */
  kill(): void {
    this.stopping = true;
    for (const { worker } of [...this.children, ...this.draining.keys()]) worker.process.kill("SIGKILL");
  }

  /** Starts as many as are missing. */
  private fill(): void {
    while (!this.stopping && this.children.size < this.role.count) this.fork(false);
  }

  private fork(onTrial: boolean): Child {
    const { name, flags, env } = this.role;
    // The setup is one for the process: each fork makes it its role's. The name is what `ps` shows, and child.ts reads.
    const args = this.servingCount > 0 ? [name, othersServe] : [name];
    cluster.setupPrimary({ args, execArgv: [...process.execArgv, ...flags] });
    const heardAt = performance.now();
    const child: Child = { worker: cluster.fork(env), serving: false, heardAt, onTrial, schema: undefined };
    this.children.add(child);
    closeLostConnections(child.worker);
    child.worker.on("message", (sent: unknown) => this.hear(child, sent));
    child.worker.once("exit", (code, signal) => this.lose(child, code, signal));
    return child;
  }

  private hear(child: Child, sent: unknown): void {
    child.heardAt = performance.now();
    const { message, unread } = readMessage(sent);
    if (unread.length > 0) this.emit("unread", child, unread);
    if (message) this.take(child, message);
  }

  private take(child: Child, message: ToPrimary): void {
    if (message.type === "serving") {
      child.serving = message.serving;
      if (child.serving) child.onTrial = false;
    }
    if (message.type === "schema") child.schema = message.state;
    if (message.type === "unfit") {
      if (child.onTrial) this.log.error(message.message);
      else this.unfit = message.message;
    }
    this.emit("message", child, message);
  }

  private lose(child: Child, code: number | null, signal: string | null): void {
    // One that was told to drain has been taken off the list already.
    const expected = !this.children.delete(child) || this.stopping;
    this.emit("exit", child);
    if (expected || child.onTrial) return;
    if (code === unfitExitCode) {
      this.fail(new ConfigError(this.unfit ?? `a ${this.role.name} found its settings unfit`));
      return;
    }
    this.restart(`${this.role.name} ${child.worker.process.pid} ended with ${signal ?? `code ${code}`}`);
  }

  private restart(ended: string): void {
    const now = Date.now();
    this.exits.push(now);
    while (now - (this.exits[0] as number) > crashLoop.windowMs) this.exits.shift();
    const recent = this.exits.length;
    const isLoop = recent >= crashLoop.exits;
    this.log.error(isLoop ? ended : `${ended}; starting another`);
    if (isLoop) {
      this.fail(new Error(`crash loop: ${recent} exits in ${crashLoop.windowMs / 1000} s; see the log above`));
      return;
    }
    this.restarts += 1;
    const delay = 100 * 2 ** (recent - 1) * (0.75 + Math.random() / 2);
    setTimeout(() => this.fill(), delay);
  }

  private fail(error: Error): void {
    if (this.stopping) return;
    this.stopping = true;
    this.emit("fatal", error);
  }

  private drain(child: Child): Promise<void> {
    if (child.worker.isDead()) return Promise.resolve();
    this.children.delete(child);
    const drained = this.untilDrained(child).finally(() => this.draining.delete(child));
    this.draining.set(child, drained);
    return drained;
  }

  private async untilDrained({ worker }: Child): Promise<void> {
    const gone = once(worker, "exit");
    // Not a message: one that is still loading its code would not hear that. The signal then ends it at once.
    worker.process.kill("SIGTERM");
    const force = setTimeout(() => worker.process.kill("SIGKILL"), this.drainTimeoutMs + killAfterMs);
    await gone;
    clearTimeout(force);
  }

  private async untilServing(child: Child): Promise<void> {
    let until = Date.now() + servingTimeoutMs;
    while (!child.serving) {
      const problem = this.problemOf(child, until);
      if (problem) {
        await this.drain(child);
        throw new Error(problem);
      }
      // It takes the time that it takes: the old one serves meanwhile.
      if (isMigrating(child) && !this.isSilent(child)) until = Date.now() + servingTimeoutMs;
      await sleep(20);
    }
  }

  /** Why a new child is not waited for any longer. */
  private problemOf(child: Child, until: number): string | undefined {
    const name = `the new ${this.role.name}`;
    if (!this.children.has(child)) return `${name} ended`;
    const { is, detail } = child.schema ?? { is: "unknown", detail: "" };
    if (is === "failed") return `${name} has no schema: ${detail}`;
    if (Date.now() < until) return undefined;
    return `${name} was not serving after ${servingTimeoutMs / 1000} s${detail && `: ${detail}`}`;
  }
}

function isMigrating({ schema }: Child): boolean {
  return schema?.is === "applying";
}
