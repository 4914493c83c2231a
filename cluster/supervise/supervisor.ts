import cluster, { type Worker } from "node:cluster";
import { EventEmitter, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError } from "../../src/config/config.js";
import type { SchemaState } from "../../src/process/process.js";
import type { Logger } from "../../src/telemetry/log/log.js";
import { closeLostConnections } from "./handoffs.js";
import { readMessage } from "./message-reader.js";
import { type ChildRole, othersServe, type ToChild, type ToPrimary, unfitExitCode } from "./messages.js";

/** This many exits within this time are a crash loop. More starts would only hide the loop. */
const crashLoop = { exits: 5, windowMs: 30_000 };
/** How long a new child may take to serve in a rolling restart, in milliseconds. Migration time does not count. */
const servingTimeoutMs = 30_000;
/** How long after its drain time-out a child is killed, in milliseconds. */
const killAfterMs = 3000;
/** A child that is silent for this long hangs, in milliseconds. A child sends its health each second (child.ts). */
const silentAfterMs = 3000;

/** A child process, and what it last reported about itself. */
export interface Child {
  readonly worker: Worker;
  /** What the child last reported. Supervisor.serves answers whether the child can still serve. */
  serving: boolean;
  /** Time of the child's last message, on performance.now()'s clock. */
  heardAt: number;
  /** A rolling restart started this child, and it has not served yet. If it ends, the old child stays. */
  onTrial: boolean;
  /** The child's last report about the database schema; undefined before its first report. */
  schema: SchemaState | undefined;
}

/** A kind of child, and how to run it. */
export interface Role {
  name: ChildRole;
  /** How many children of this kind should run. */
  count: number;
  /** Node options in addition to the primary's. */
  flags: string[];
  /** Environment variables in addition to the primary's. */
  env: Record<string, string>;
}

interface Events {
  /** Each readable message of a child, after the supervisor has handled its own part. */
  message: [Child, ToPrimary];
  /** The names of the parts of a child's message that the primary cannot read. */
  unread: [Child, string[]];
  /** A child is gone. */
  exit: [Child];
  /** The supervisor cannot continue. */
  fatal: [Error];
}

/** Keeps a number of children running. Restarts them with a growing delay, does rolling restarts, and stops them. */
export class Supervisor extends EventEmitter<Events> {
  readonly children = new Set<Child>();
  restarts = 0;
  /** Why the last rolling restart was given up; undefined if it was not. */
  rollProblem: string | undefined;
  /** Children that are draining. Each promise resolves when its child is gone. */
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

  /** The child reported that it serves, and is not silent. A stopped or endlessly looping child cannot report. */
  serves(child: Child): boolean {
    return child.serving && !this.isSilent(child);
  }

  isSilent(child: Child): boolean {
    return performance.now() - child.heardAt > silentAfterMs;
  }

  /** What a rolling restart waits for; undefined: nothing. */
  get rollWaits(): string | undefined {
    return [...this.children].find((child) => isMigrating(child) && child.onTrial)?.schema?.detail;
  }

  /** Replaces children one by one. An old child drains after its successor serves. Gives up if a new one does not. */
  async roll(): Promise<void> {
    if (this.rolling || this.stopping) return;
    this.rolling = true;
    try {
      for (const old of [...this.children]) {
        if (this.stopping) return;
        if (!this.children.has(old)) continue; // It ended by itself, and fill() replaces it.
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

  /**
   * Drains all children; resolves when they are gone. Before that, for `delayMs`, they take calls and say that they do not
   * serve: a balancer has this time to send calls elsewhere.
   */
  async stop(delayMs = 0): Promise<void> {
    this.stopping = true;
    if (delayMs > 0 && this.servingCount > 0) await this.withdraw(delayMs);
    for (const child of this.children) void this.drain(child);
    await Promise.all(this.draining.values());
  }

  /** Ends all children at once. */
  kill(): void {
    this.stopping = true;
    for (const { worker } of [...this.children, ...this.draining.keys()]) worker.process.kill("SIGKILL");
  }

  /** Starts the missing children. */
  private fill(): void {
    while (!this.stopping && this.children.size < this.role.count) this.fork(false);
  }

  private fork(onTrial: boolean): Child {
    const { name, flags, env } = this.role;
    // Node has one cluster setup per process, so each fork sets it. `ps` shows the role's name, and main.ts reads it.
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
    // A draining child is no longer in `children`.
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

  private async withdraw(delayMs: number): Promise<void> {
    this.log.info(`stopping: each ${this.role.name} says NOT_SERVING for ${delayMs / 1000} s before its ports close`);
    const order: ToChild = { type: "withdraw" };
    for (const { worker } of this.children) worker.send(order, () => {}); // A child that just died hears nothing.
    await sleep(delayMs);
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
    // Use a signal: a child that is still loading its code would miss a message, but a signal ends it immediately.
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
      // A migration has no time limit: the old child serves meanwhile.
      if (isMigrating(child) && !this.isSilent(child)) until = Date.now() + servingTimeoutMs;
      await sleep(20);
    }
  }

  /** Why the roll stops waiting for a new child; undefined: it keeps waiting. */
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
