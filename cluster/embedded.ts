import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { ConfigError } from "../src/config.js";
import type { Logger } from "../src/log.js";

/** How long a server may take to start (to read its file, above all) and to stop. */
const startTimeoutMs = 60_000;
const stopTimeoutMs = 10_000;

/**
 * Runs a command and ends it when file descriptor 3 closes, which happens however the primary dies: so no server is left
 * behind, and what it has in memory it still writes.
 */
const guard =
  'exec 4<&3 3<&-; "$@" 4<&- & server=$!; { read -r _ <&4; kill "$server"; } & wait "$server"; code=$?; kill $! 2>/dev/null; exit $code';

/** A private redis-server for the queues, on a Unix socket in the data folder. It keeps its data between starts. */
export class EmbeddedRedis {
  readonly socket: string;
  private readonly dir: string;
  private process: ChildProcess | undefined;
  private stopping = false;

  constructor(
    dataDir: string,
    private readonly log: Logger,
  ) {
    this.dir = resolve(dataDir, "queue-redis");
    this.socket = socketIn(this.dir);
  }

  /** Throws a ConfigError that names the fix. */
  async start(): Promise<void> {
    try {
      mkdirSync(this.dir, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new ConfigError(`POSTA_DATA_DIR: cannot be used: ${(error as Error).message}`);
    }
    await this.requireUnused();
    this.spawn();
    await this.untilReady();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const { process } = this;
    if (!process || process.exitCode !== null || process.signalCode !== null) return;
    const gone = once(process, "exit");
    (process.stdio[3] as { destroy(): void }).destroy();
    const force = setTimeout(() => killGroup(process), stopTimeoutMs);
    await gone;
    clearTimeout(force);
  }

  private spawn(): void {
    const options = {
      port: "0",
      unixsocket: this.socket,
      unixsocketperm: "700",
      dir: this.dir,
      logfile: join(this.dir, "redis.log"),
      appendonly: "yes",
      appendfsync: "everysec",
      // At the default of 64mb a busy queue would rewrite its file every other second.
      "auto-aof-rewrite-min-size": "256mb",
      // The options of a job take some 200 bytes: up to this its hash stays in the compact form, which is smaller and
      // faster. Redis 7 calls it hash-max-listpack-value and takes this name too; Redis 6 knows no other.
      "hash-max-ziplist-value": "1024",
      save: "",
      "maxmemory-policy": "noeviction",
    };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    // Its own process group: Ctrl-C must not stop it before the servers have drained.
    this.process = spawn("sh", ["-c", guard, "redis", "redis-server", ...args], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
      detached: true,
    });
    this.process.once("exit", (code) => this.lose(code));
  }

  private lose(code: number | null): void {
    if (this.stopping) return;
    if (code === 127) return; // untilReady says it.
    this.log.error(
      `the embedded Redis ended with code ${code}; starting it again (its log: ${join(this.dir, "redis.log")})`,
    );
    setTimeout(() => this.stopping || this.spawn(), 500);
  }

  /** Two servers on one folder would spoil its files. One whose Posta was killed may still be about to end. */
  private async requireUnused(): Promise<void> {
    const until = Date.now() + stopTimeoutMs;
    while (await isListening(this.socket)) {
      if (Date.now() > until) {
        throw new ConfigError(
          `POSTA_DATA_DIR: ${this.dir} is in use by another Posta; stop that, or set POSTA_DATA_DIR`,
        );
      }
      await sleep(100);
    }
  }

  private async untilReady(): Promise<void> {
    const client = new Redis({
      path: this.socket,
      lazyConnect: true,
      retryStrategy: () => 20,
      maxRetriesPerRequest: null,
    });
    client.on("error", () => {}); // Not there yet.
    const ready = new Promise((resolve) => client.once("ready", resolve));
    client.connect().catch(() => {});
    const failed = once(this.process as ChildProcess, "exit").then(([code]) => {
      if (code === 127) {
        throw new ConfigError(
          "redis-server is not installed; install it (Debian, Ubuntu: apt-get install redis-server), or set POSTA_QUEUE_REDIS_URL",
        );
      }
      throw new ConfigError(`the embedded Redis ended with code ${code}; see ${join(this.dir, "redis.log")}`);
    });
    const late = sleep(startTimeoutMs, undefined, { ref: false }).then(() => {
      throw new ConfigError(
        `the embedded Redis did not start in ${startTimeoutMs / 1000} s; see ${join(this.dir, "redis.log")}`,
      );
    });
    await Promise.race([ready, failed, late]).finally(() => client.disconnect());
    failed.catch(() => {}); // From now on, lose() sees to it.
  }
}

/** A Unix socket's path is limited to some 100 bytes; in a deeper folder it moves to the system's temporary one. */
function socketIn(dir: string): string {
  const path = join(dir, "redis.sock");
  if (Buffer.byteLength(path) <= 100) return path;
  return join(tmpdir(), `posta-${createHash("sha256").update(dir).digest("hex").slice(0, 16)}.sock`);
}

/** The guard and the server: they are a process group. */
function killGroup({ pid }: ChildProcess): void {
  process.kill(-(pid as number), "SIGKILL");
}

async function isListening(socket: string): Promise<boolean> {
  const probe = connect(socket);
  return once(probe, "connect")
    .then(() => true)
    .catch(() => false)
    .finally(() => probe.destroy());
}
