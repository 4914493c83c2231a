import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError } from "../../src/config/config.js";
import type { Logger } from "../../src/telemetry/log/log.js";
import type { User } from "./postgres-user.js";

/** How long a server may take to start (mostly to read its files) and to stop, in milliseconds. */
const startTimeoutMs = 60_000;
const stopTimeoutMs = 30_000;
const restartMs = 500;

/**
 * Runs a command, and sends it a signal when file descriptor 3 closes. The descriptor closes however the primary dies.
 * So no server is left behind, and each server still writes the data that it has in memory. The server has the
 * descriptor open too, so this process sees the pipe close only when the guard and the server are both gone.
 */
const guard =
  'signal=$1; shift; exec 4<&3 3<&-; "$@" & server=$!; { read -r _ <&4; kill -s "$signal" "$server"; } & wait "$server"; code=$?; kill $! 2>/dev/null; exit $code';

/** What to run, and how. */
export interface ServerCommand {
  /** For messages: "Redis". */
  name: string;
  command: string;
  args: string[];
  /** The signal that makes the server write its data and end. */
  signal: "TERM" | "INT";
  /** Error text, with the fix, if the command does not exist. */
  missing: string;
  logFile: string;
  /** true: the server's output goes to `logFile`. Otherwise the server writes that file itself. */
  captured?: boolean;
  /** Unset: the user of this process. */
  user?: User;
  env?: NodeJS.ProcessEnv;
}

/** A server that runs as long as the primary. It restarts if it ends, and stops even if the primary is killed. */
export class GuardedServer {
  private guarded: Guarded | undefined;
  private ready = false;
  private stopping = false;
  /** Set while the remaining processes of an ended server are being stopped. */
  private ending: Promise<void> | undefined;

  constructor(
    private readonly server: ServerCommand,
    private readonly log: Logger,
  ) {}

  /** Resolves when `untilReady` does. Throws a ConfigError if the server ends before that, or takes too long. */
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
    // The guard has its own process group: Ctrl-C must not stop it before the server processes have drained.
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

  /** Restarts a server that ended. If it ended before it was ready, start() reports that instead. */
  private lose(end: string): void {
    if (!this.ready || this.stopping) return;
    const { name, logFile } = this.server;
    this.log.error(`the embedded ${name} ended with ${end}; starting it again (its log: ${logFile})`);
    this.ending = this.endRest();
  }

  /** Ends a server that outlived its killed guard: two servers on the same data would corrupt the data. */
  private async endRest(): Promise<void> {
    await this.guarded?.end();
    this.ending = undefined;
    setTimeout(() => this.stopping || this.spawn(), restartMs);
  }
}

/**
 * Reports how a process ended. A process that cannot start, for example because there are too many processes, emits
 * "error" and no "exit".
 */
function onEnd(child: ChildProcess, tell: (end: string) => void): void {
  child.once("exit", (code, signal) => tell(signal ?? `code ${code}`));
  child.once("error", ({ message }) => tell(`an error: ${message}`));
}

/** A spawned guard with its server. Knows when both are gone. */
class Guarded {
  private readonly closed: Promise<unknown>;

  constructor(readonly guard: ChildProcess) {
    this.closed = once(guard, "close").catch(() => {}); // The guard could not start.
    this.pipe.resume(); // Without this, Node would not notice the end of the pipe.
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

  /** Kills the guard and its server, which are one process group. */
  private kill(): void {
    try {
      process.kill(-(this.guard.pid as number), "SIGKILL");
    } catch {
      // Only a child of the server is left. That child ends by itself when it sees that the server is gone.
    }
  }

  private get pipe(): Duplex {
    return this.guard.stdio[3] as Duplex;
  }
}
