import { join, resolve } from "node:path";
import { Redis } from "ioredis";
import type { Config } from "../../src/config/config.js";
import type { Logger } from "../../src/telemetry/log/log.js";
import { makeFolder, requireUnused } from "./data-folder.js";
import { GuardedServer } from "./guarded-server.js";
import { isListening, socketIn } from "./socket-path.js";

/** Settings of redis.conf, each with its values. */
type Settings = string[][];

/** Keeps every job: nothing is evicted, everything is appended to a file. */
const queueSettings: Settings = [
  ["appendonly", "yes"],
  ["appendfsync", "everysec"],
  // With the default of 64mb, a busy queue would rewrite its file every other second.
  ["auto-aof-rewrite-min-size", "256mb"],
  // A job's options take about 200 bytes. Up to this limit, the job's hash keeps the compact form, which is smaller
  // and faster. Redis 7 calls the setting hash-max-listpack-value, but accepts this name, the only one in Redis 6.
  ["hash-max-ziplist-value", "1024"],
  ["save", ""],
  ["maxmemory-policy", "noeviction"],
];

/** Keeps the hot data within a memory limit. Saves snapshots instead of logging every write. */
function analyticsSettings(maxMemory: number): Settings {
  return [
    ["appendonly", "no"],
    // Each pair: save after this many seconds if there were this many changes. Redis 6 accepts one pair at a time.
    ["save", "900", "1"],
    ["save", "300", "10"],
    ["save", "60", "10000"],
    ["maxmemory", String(maxMemory)],
    ["maxmemory-policy", "allkeys-lru"],
    ["hash-max-ziplist-entries", "512"],
    ["hash-max-ziplist-value", "64"],
  ];
}

/** A private redis-server, on a Unix socket in the data folder. It keeps its data between starts. */
export class EmbeddedRedis {
  private readonly socket: string;
  private readonly server: GuardedServer;

  private constructor(
    readonly dir: string,
    variable: string,
    settings: Settings,
    log: Logger,
  ) {
    this.socket = socketIn(this.dir, "redis.sock");
    const logFile = join(this.dir, "redis.log");
    const place = [
      ["port", "0"],
      ["unixsocket", this.socket],
      ["unixsocketperm", "700"],
      ["dir", this.dir],
      ["logfile", logFile],
    ];
    const command = {
      name: "Redis",
      command: "redis-server",
      args: [...place, ...settings].flatMap(([name, ...values]) => [`--${name}`, ...values]),
      signal: "TERM" as const,
      missing: `redis-server is not installed; install it (Debian, Ubuntu: apt-get install redis-server), or set ${variable}`,
      logFile,
    };
    this.server = new GuardedServer(command, log);
  }

  /** For the queues. */
  static forQueue({ dataDir }: Config, log: Logger): EmbeddedRedis {
    return new EmbeddedRedis(resolve(dataDir, "queue-redis"), "POSTA_QUEUE_REDIS_URL", queueSettings, log);
  }

  /** For the analytics. */
  static forAnalytics({ dataDir, analyticsMaxMemory }: Config, log: Logger): EmbeddedRedis {
    const settings = analyticsSettings(analyticsMaxMemory);
    return new EmbeddedRedis(resolve(dataDir, "analytics-redis"), "POSTA_ANALYTICS_REDIS_URL", settings, log);
  }

  get url(): string {
    return `unix://${this.socket}`;
  }

  /** Throws a ConfigError that names the fix. */
  async start(): Promise<void> {
    makeFolder(this.dir);
    await requireUnused(this.dir, () => isListening(this.socket));
    await this.server.start((over) => this.untilReady(over));
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  /** Redis listens before it has read its file, and answers only that it is loading. ioredis waits until this ends. */
  private async untilReady(over: AbortSignal): Promise<void> {
    const client = new Redis({
      path: this.socket,
      lazyConnect: true,
      retryStrategy: () => 20,
      maxRetriesPerRequest: null,
    });
    client.on("error", () => {}); // Not there yet.
    over.addEventListener("abort", () => client.disconnect());
    const ready = new Promise<void>((resolve) => client.once("ready", resolve));
    client.connect().catch(() => {});
    await ready;
  }
}
