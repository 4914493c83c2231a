import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { runStore, type StoreProcess } from "./store-process.js";

/** A real redis-server of a test's own, on a Unix socket in a temporary folder. */
export interface TestRedis extends StoreProcess {
  readonly url: string;
  readonly socket: string;
  /** Lets it write no file any further, as on a disk that is full, or lets it again. */
  fillDisk(isFull: boolean): void;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** Starts a Redis that is fit for queues, unless `options` say otherwise: { "maxmemory-policy": "allkeys-lru" }. */
export async function startRedis(options: Record<string, string> = {}): Promise<TestRedis> {
  const dir = mkdtempSync(join(tmpdir(), "posta-redis-"));
  const socket = join(dir, "redis.sock");
  const settings = {
    port: "0",
    unixsocket: socket,
    dir,
    appendonly: "yes",
    save: "",
    "maxmemory-policy": "noeviction",
    ...options,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  // With a limit on the size of its files, a write fails as on a full disk; the signal that comes with it would end it.
  const ignoringLimit = 'trap "" XFSZ; exec redis-server "$@"';
  const run = () => spawn("sh", ["-c", ignoringLimit, "sh", ...args], { stdio: "ignore" });
  const server = await runStore(run, () => untilReady(socket));
  return Object.assign(server, {
    url: `unix://${socket}`,
    socket,
    fillDisk(isFull: boolean) {
      execFileSync("prlimit", ["--pid", String(server.pid), `--fsize=${isFull ? 0 : "unlimited"}:`]);
    },
    async stop() {
      await server.kill();
      rmSync(dir, { recursive: true, force: true });
    },
  });
}

async function untilReady(socket: string): Promise<void> {
  const client = new Redis({ path: socket, retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on("error", () => {});
  await client.ping();
  client.disconnect();
}
