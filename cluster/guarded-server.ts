import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError } from "../src/config.js";
import type { Logger } from "../src/log.js";
import type { User } from "./postgres-user.js";

/** How long a server may take to start (to read its files, above all) and to stop. */
const startTimeoutMs = 60_000;
const stopTimeoutMs = 30_000;
const restartMs = 500;

/**
 * Runs a command and sends it a signal when file descriptor 3 closes, which happens however the primary dies: so no server
 * is left behind, and what it has in memory it still writes.
 */
const guard =
  'signal=$1; shift; exec 4<&3 3<&-; "$@" 4<&- & server=$!; { read -r _ <&4; kill -s "$signal" "$server"; } & wait "$server"; code=$?; kill $! 2>/dev/null; exit $code';

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

/** A server that runs as long as the primary does: it is started again if it ends, and ended however the primary does. */
export class GuardedServer {
  private process: ChildProcess | undefined;
  private ready = false;
  private stopping = false;

  constructor(
    private readonly server: ServerCommand,
    private readonly log: Logger,
  ) {}

  /** Resolves when `untilReady` does. Throws a ConfigError that names the fix if the server ends before, or takes too long. */
  async start(untilReady: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { name, missing, logFile } = this.server;
    if (this.stopping) throw new ConfigError(`the embedded ${name} is not needed any more`);
    const over = new AbortController();
    const failed = once(this.spawn(), "exit").then(([code]) => {
      throw new ConfigError(code === 127 ? missing : `the embedded ${name} ended with code ${code}; see ${logFile}`);
    });
    const late = sleep(startTimeoutMs, undefined, { ref: false, signal: over.signal }).then(() => {
      throw new ConfigError(`the embedded ${name} did not start in ${startTimeoutMs / 1000} s; see ${logFile}`);
    });
    late.catch(() => {});
    failed.catch(() => {});
    await Promise.race([untilReady(over.signal), failed, late]).finally(() => over.abort());
    this.ready = true;
    if (!this.isRunning()) this.lose();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const { process } = this;
    if (!process || !this.isRunning()) return;
    const gone = once(process, "exit");
    (process.stdio[3] as { destroy(): void }).destroy();
    const force = setTimeout(() => killGroup(process), stopTimeoutMs);
    await gone;
    clearTimeout(force);
  }

  private spawn(): ChildProcess {
    const { command, args, signal, user, env = process.env, captured, logFile } = this.server;
    const output = captured ? openSync(logFile, "a", 0o600) : "ignore";
    // Its own process group: Ctrl-C must not stop it before the servers have drained.
    this.process = spawn("sh", ["-c", guard, "sh", signal, command, ...args], {
      ...user,
      cwd: "/",
      env,
      stdio: ["ignore", output, output, "pipe"],
      detached: true,
    });
    if (typeof output === "number") closeSync(output);
    this.process.once("exit", () => this.lose());
    return this.process;
  }

  private isRunning(): boolean {
    return this.process?.exitCode === null && this.process.signalCode === null;
  }

  /** Before it was ready, start() says it. */
  private lose(): void {
    if (!this.ready || this.stopping) return;
    const { name, logFile } = this.server;
    const code = this.process?.exitCode;
    this.log.error(`the embedded ${name} ended with code ${code}; starting it again (its log: ${logFile})`);
    setTimeout(() => this.stopping || this.spawn(), restartMs);
  }
}

/** The guard and the server: they are a process group. */
function killGroup({ pid }: ChildProcess): void {
  process.kill(-(pid as number), "SIGKILL");
}
