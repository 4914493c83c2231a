import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError } from "../../src/config/config.js";
import type { Logger } from "../../src/telemetry/log/log.js";
import type { User } from "./postgres-user.js";

/** How long a server may take to start (to read its files, above all) and to stop. */
const startTimeoutMs = 60_000;
const stopTimeoutMs = 30_000;
const restartMs = 500;

/**
 * Runs a command and sends it a signal when file descriptor 3 closes, which happens however the primary dies: so no server
 * is left behind, and what it has in memory it still writes. The server has the descriptor open too: so it closes here when
 * the last of them is gone.
 */
const guard =
  'signal=$1; shift; exec 4<&3 3<&-; "$@" & server=$!; { read -r _ <&4; kill -s "$signal" "$server"; } & wait "$server"; code=$?; kill $! 2>/dev/null; exit $code';

/** What to run, and how. */
export interface ServerCommand {
  /** For messages: "Redis". */
  name: string;
  command: string;
  args: string[];
  /** What makes it write what it has and end. */
  signal: "TERM" | "INT";
  /** What to do where there is no such command. */
  missing: string;
  logFile: string;
  /** Its output is its log; else it writes the file itself. */
  captured?: boolean;
  /** Unset: this process's. */
  user?: User;
  env?: NodeJS.ProcessEnv;
}

/** A server that runs as long as the primary does. It is started again if it ends, and stops with the primary, even if that is killed. */
export class GuardedServer {
  private guarded: Guarded | undefined;
  private ready = false;
  private stopping = false;
  /** While what a guard left behind is being ended. */
  private ending: Promise<void> | undefined;

  constructor(
    private readonly server: ServerCommand,
    private readonly log: Logger,
  ) {}

  /** Resolves when `untilReady` does. Throws a ConfigError that names the fix if the server ends before, or takes too long. */
  async start(untilReady: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { name, missing, logFile } = this.server;
    if (this.stopping) throw new ConfigError(`the embedded ${name} is not needed any more`);
    const over = new AbortController();
    const child = this.spawn();
    const failed = new Promise<string>((resolve) => onEnd(child, resolve)).then((end) => {
      throw new ConfigError(end === "code 127" ? missing : `the embedded ${name} ended with ${end}; see ${logFile}`);
    });
    const late = sleep(startTimeoutMs, undefined, { ref: false, signal: over.signal }).then(() => {
      throw new ConfigError(`the embedded ${name} did not start in ${startTimeoutMs / 1000} s; see ${logFile}`);
    });
    late.catch(() => {});
    failed.catch(() => {});
    await Promise.race([untilReady(over.signal), failed, late]).finally(() => over.abort());
    this.ready = true;
    if (!this.guarded?.isRunning) this.lose(`code ${child.exitCode}`);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await (this.ending ?? this.guarded?.end());
  }

  private spawn(): ChildProcess {
    const { command, args, signal, user, env = process.env, captured, logFile } = this.server;
    const output = captured ? openSync(logFile, "a", 0o600) : "ignore";
    // Its own process group: Ctrl-C must not stop it before the servers have drained.
    const child = spawn("sh", ["-c", guard, "sh", signal, command, ...args], {
      ...user,
      cwd: "/",
      env,
      stdio: ["ignore", output, output, "pipe"],
      detached: true,
    });
    if (typeof output === "number") closeSync(output);
    onEnd(child, (end) => this.lose(end));
    this.guarded = new Guarded(child);
    return child;
  }

  /** Before it was ready, start() says it. */
  private lose(end: string): void {
    if (!this.ready || this.stopping) return;
    const { name, logFile } = this.server;
    this.log.error(`the embedded ${name} ended with ${end}; starting it again (its log: ${logFile})`);
    this.ending = this.endRest();
  }

  /** A guard that was killed alone has left its server behind: two of them on the same data would spoil it. */
  private async endRest(): Promise<void> {
    await this.guarded?.end();
    this.ending = undefined;
    setTimeout(() => this.stopping || this.spawn(), restartMs);
  }
}

/** Tells how a process ended. One that cannot even be started, as there are too many processes, emits an error and no exit. */
function onEnd(child: ChildProcess, tell: (end: string) => void): void {
  child.once("exit", (code, signal) => tell(signal ?? `code ${code}`));
  child.once("error", ({ message }) => tell(`an error: ${message}`));
}

/** What was spawned, and what tells when all of it is gone. */
class Guarded {
  private readonly closed: Promise<unknown>;

  constructor(readonly guard: ChildProcess) {
    this.closed = once(guard, "close").catch(() => {}); // It did not even start.
    this.pipe.resume(); // Else its end would not be seen.
  }

  get isRunning(): boolean {
    return this.guard.exitCode === null && this.guard.signalCode === null;
  }

  /** Ends the guard and its server; resolves when both are gone. */
  async end(): Promise<void> {
    this.pipe.end();
    const force = setTimeout(() => this.kill(), stopTimeoutMs);
    await this.closed;
    clearTimeout(force);
  }

  /** They are a process group. */
  private kill(): void {
    try {
      process.kill(-(this.guard.pid as number), "SIGKILL");
    } catch {
      // Only a child of the server is left, which sees by itself that the server is gone.
    }
  }

  private get pipe(): Duplex {
    return this.guard.stdio[3] as Duplex;
  }
}
