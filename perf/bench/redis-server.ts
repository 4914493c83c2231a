import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { endWithThis, makeFolderUntilEnd } from "./children.js";

const startTimeoutMs = 10_000;

/** A private redis-server on a Unix socket, as durable as the one that Posta embeds. */
export class RedisServer {
  private readonly dir = makeFolderUntilEnd("posta-perf-redis-");
  readonly socket = join(this.dir, "redis.sock");
  private process: ChildProcess | undefined;

  /** `settings` stand beside those of the queues' Redis, or in their place. */
  constructor(private readonly settings: Record<string, string> = {}) {}

  /** Starts it, on the data that it left if it ran before; resolves when it answers. Throws if it does not. */
  async start(): Promise<void> {
    const options = {
      port: "0",
      unixsocket: this.socket,
      dir: this.dir,
      logfile: join(this.dir, "redis.log"),
      appendonly: "yes",
      appendfsync: "everysec",
      save: "",
      "maxmemory-policy": "noeviction",
      ...this.settings,
    };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const child = endWithThis(spawn("redis-server", args, { stdio: ["ignore", "ignore", "inherit"] }));
    const failed = once(child, "exit").then(([code]) => {
      throw new Error(`redis-server ended with code ${code} before it was ready`);
    });
    this.process = child;
    await Promise.race([this.untilReady(), failed]);
    failed.catch(() => {});
  }

  /** As for an upgrade: it writes what it has, and its data stay for another start. */
  async shutDown(): Promise<void> {
    const { process: child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    await gone;
  }

  /** Ends it, and removes its data. */
  async stop(): Promise<void> {
    await this.shutDown();
    rmSync(this.dir, { recursive: true, force: true });
  }

  private async untilReady(): Promise<void> {
    const until = Date.now() + startTimeoutMs;
    while (!(await this.answers())) {
      if (Date.now() > until) throw new Error(`redis-server is not ready after ${startTimeoutMs / 1000} s`);
      await sleep(20);
    }
  }

  /** False while there is no socket, and while it reads its file. */
  private async answers(): Promise<boolean> {
    const client = new Redis({ path: this.socket, lazyConnect: true, retryStrategy: () => null });
    client.on("error", () => {});
    try {
      await client.connect();
      return (await client.ping()) === "PONG";
    } catch {
      return false;
    } finally {
      client.disconnect();
    }
  }
}
