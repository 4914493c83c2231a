import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";

/** A real redis-server of a test's own, on a Unix socket in a temporary folder. */
export interface TestRedis {
  readonly url: string;
  readonly socket: string;
  readonly pid: number;
  /** Ends it as a signal does; it can be started again on the same data. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  restart(): Promise<void>;
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
  let server = spawn("redis-server", args, { stdio: "ignore" });
  await untilReady(socket);

  async function kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, "exit");
    server.kill(signal);
    server.kill("SIGCONT");
    await gone;
  }

  return {
    url: `unix://${socket}`,
    socket,
    get pid() {
      return server.pid as number;
    },
    kill,
    async restart() {
      await kill();
      server = spawn("redis-server", args, { stdio: "ignore" });
      await untilReady(socket);
    },
    async stop() {
      await kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function untilReady(socket: string): Promise<void> {
  const client = new Redis({ path: socket, retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on("error", () => {});
  await client.ping();
  client.disconnect();
}
