import { EventEmitter } from "node:events";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { type Config, ConfigError } from "../../config/config.js";
import { PostaError } from "../../errors/posta-error.js";
import type { Logger } from "../../telemetry/log/log.js";
import { ToldProblems } from "../../telemetry/log/told-problems.js";
import type { Installation } from "../installation/installation.js";
import { RedisClaim } from "../installation/redis-claim.js";
import { openRedis, type RedisClient, requireDatabase } from "./address.js";
import { RedisClock } from "./clock.js";
import { requireDurable } from "./durability.js";
import { type StoreName, toRefusal } from "./errors.js";
import { mastersOf } from "./info.js";
import { endSocketTimeouts } from "./socket-timeout.js";

/** How often the connection is tried, and the clock is read. */
const heartbeatMs = 500;
/** A heartbeat that takes longer counts as not answered. */
const answerWithinMs = 1000;
/** If a timer fires this much too late, the process has too much to do. */
const lateByMs = 100;

export interface RedisStoreOptions {
  url: string;
  /** The variable that the address came from, for errors. */
  variable: string;
  /** How long Redis may be silent before it counts as lost, in milliseconds. */
  timeoutMs: number;
  name: StoreName;
  /** The prefix of the keys. On a Redis Cluster its hash tag decides which server is probed. */
  prefix: string;
  /** Redis must keep all data, this strictly. False: Redis may evict and forget. */
  durable: { allowNoAof: boolean } | false;
  /** Makes sure that Redis belongs to the installation. Absent: this process leaves that to others. */
  claim?: RedisClaim | undefined;
}

interface Events {
  /** Redis can be used now, or no longer. */
  usable: [boolean];
  /** How long an answer took, in milliseconds, at each heartbeat. */
  answered: [number];
  /** Redis must not be used: the process has to stop, and report this error. */
  unfit: [ConfigError];
}

/**
 * The connection of one process to a Redis. No command waits for a Redis that is down, and none is sent twice. A
 * command fails at once, and its caller knows whether it was sent.
 */
export class RedisStore extends EventEmitter<Events> {
  readonly client: RedisClient;
  readonly clock: RedisClock;
  private heartbeat: NodeJS.Timeout | undefined;
  /** Undefined until the first try to reach Redis has ended. */
  private up: boolean | undefined;
  private verified = false;
  private readonly told = new ToldProblems();
  private refused: string | undefined;

  constructor(
    private readonly options: RedisStoreOptions,
    private readonly log: Logger,
  ) {
    super();
    this.client = openRedis(options.url, options.variable, {
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      // Redis says how long loading will take, and may be wrong by seconds.
      maxLoadingRetryTime: 500,
      socketTimeout: options.timeoutMs,
      connectTimeout: options.timeoutMs,
      retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 5), 1000) * (0.75 + Math.random() / 2),
    });
    endSocketTimeouts(this.client);
    this.clock = new RedisClock(this.client, this.probeKey);
  }

  /** Starts to connect, and goes on trying. The event `usable` reports success. */
  open(): void {
    this.client.on("ready", () => void this.verify());
    this.options.claim?.installation.on("known", () => this.client.status === "ready" && void this.verify());
    this.client.on("close", () => this.setUsable(false));
    this.client.on("error", (error) => this.explain(error));
    this.client.connect().catch(() => {}); // ioredis goes on trying. The error event has the reason.
    this.heartbeat = setInterval(() => void this.beat(), heartbeatMs);
  }

  get usable(): boolean {
    return this.up === true;
  }

  /** Redis was tried, and cannot be used. */
  get isLost(): boolean {
    return this.up === false;
  }

  /** Why Redis takes no writes, though it answers: its disk or its memory is full, or it has become a replica. */
  get refusal(): string | undefined {
    return this.up ? this.refused : undefined;
  }

  /** Throws unavailable if Redis is known to be down, so that a call fails before any work. */
  requireUsable(): void {
    if (!this.up)
      throw new PostaError("unavailable", `${this.options.name} cannot be reached; nothing was done`, {
        retryAfterMs: 500,
      });
  }

  /**
   * Throws unavailable unless Redis is known to belong to the installation: for work that moves things from the database
   * to Redis, or back.
   */
  requireOurs(): void {
    this.requireUsable();
    if (this.options.claim?.isOurs === false)
      throw new PostaError("unavailable", `${this.options.name} is not known yet to belong to this database`);
  }

  /** The servers that have the store's keys. Throws while no server has them. */
  get masters(): Redis[] {
    return mastersOf(this.client, this.options.prefix);
  }

  async close(): Promise<void> {
    clearInterval(this.heartbeat);
    this.removeAllListeners();
    const wasUp = this.up;
    this.up = false; // Before the connection closes, so that the close does not count as a loss.
    if (wasUp) await this.client.quit().catch(() => this.client.disconnect());
    else this.client.disconnect();
  }

  /** Refuses a Redis that must be durable but is not: at start for good, later as long as this lasts. */
  private async verify(): Promise<void> {
    try {
      const { variable, durable } = this.options;
      await requireDatabase(this.client, variable);
      if (durable) await requireDurable(this.masters, { variable, ...durable });
      const verdict = (await this.options.claim?.check(this.client)) ?? "ours";
      if (verdict === "wait") return this.setUsable(false);
      if (verdict !== "ours") return void this.emit("unfit", verdict);
      await Promise.all([this.readClock(), this.probeWrites()]);
      this.verified = true;
      this.setUsable(true);
    } catch (error) {
      if (!(error instanceof ConfigError)) this.log.debug({ err: error }, "redis is connected but does not answer");
      else if (!this.verified) this.emit("unfit", error);
      else this.complain(error.message);
    }
  }

  /** Logs why there is no connection. The same reason is logged once, until there is a connection. */
  private explain(error: Error): void {
    this.log.debug({ err: error }, "redis connection");
    const { code } = error as { code?: string };
    const reason = `${code ?? ""} ${error.message}`.trim();
    const problem = `${this.options.variable}: Redis cannot be reached (${reason}); trying again`;
    if (this.told.isNew(problem)) this.log.warn(problem);
  }

  /** Logs a problem once, not at each heartbeat. */
  private complain(problem: string): void {
    if (this.told.isNew(problem)) this.log.error(problem);
  }

  private async beat(): Promise<void> {
    if (this.client.status !== "ready") return;
    if (!this.up) return this.verify();
    const answer = { isHere: false };
    void this.watch(answer);
    await Promise.all([this.readClock(), this.probeWrites()]).catch(() => this.setUsable(false));
    answer.isHere = true;
  }

  /**
   * Redis is lost if it does not answer in time, unless this process was late: an overloaded process reads answers long
   * after they came. If Redis really does not answer, the connection's own time-out ends the wait.
   */
  private async watch(answer: { readonly isHere: boolean }): Promise<void> {
    while (!answer.isHere) {
      const due = performance.now() + answerWithinMs;
      await sleep(answerWithinMs, undefined, { ref: false });
      const wasLate = performance.now() - due > lateByMs;
      await nextTurn(); // The process first reads the answers that have come by now.
      if (answer.isHere || wasLate) continue;
      this.setUsable(false);
      return;
    }
  }

  private async readClock(): Promise<void> {
    this.emit("answered", await this.clock.read());
  }

  /**
   * Writes an empty text at the start of a key. Redis refuses that like any write, but it changes nothing and makes no
   * key. Never fails: {@link readClock} finds out whether Redis answers at all.
   */
  private async probeWrites(): Promise<void> {
    const refused = await this.client.setrange(this.probeKey, 0, "").then(() => undefined, toRefusal);
    if (refused === this.refused) return;
    this.refused = refused;
    const { variable, name } = this.options;
    if (refused) this.log.error(`${variable}: Redis takes no writes: ${refused}`);
    else this.log.info(`${name} takes writes again`);
  }

  private get probeKey(): string {
    return `${this.options.prefix}:posta-write-probe`;
  }

  /** Tells other hosts that this Redis is in use. Does nothing for a Redis that is not. */
  async renewClaim(): Promise<void> {
    if (this.up) await this.options.claim?.renew(this.client);
  }

  private setUsable(usable: boolean): void {
    if (this.up === usable) return;
    const wasUp = this.up === true;
    this.up = usable;
    if (usable || wasUp) this.told.clear();
    if (usable) this.log.info(`${this.options.name} is reachable`);
    else if (wasUp) this.log.warn(`${this.options.variable}: Redis is lost; trying to reach it again`);
    this.emit("usable", usable);
  }
}

/** The queues' Redis that the settings name. It must be durable, and belong to the installation if that is given. */
export function openQueueStore(config: Config, log: Logger, installation?: Installation): RedisStore {
  const { queueRedisUrl: url, queuePrefix: prefix, redisTimeoutMs: timeoutMs, allowNoAof } = config;
  if (url === undefined) throw new Error("the queue's Redis has no address: the primary gives its children one");
  const [variable, name] = ["POSTA_QUEUE_REDIS_URL", "the queue's store"] as const;
  const claim = installation && new RedisClaim(installation, { prefix, variable, isQueue: true }, log);
  return new RedisStore({ url, variable, name, prefix, timeoutMs, durable: { allowNoAof }, claim }, log);
}

/** The analytics' Redis that the settings name. It may evict. */
export function openAnalyticsStore(config: Config, log: Logger, installation?: Installation): RedisStore {
  const { analyticsRedisUrl: url, analyticsPrefix: prefix, redisTimeoutMs: timeoutMs } = config;
  if (url === undefined) throw new Error("the analytics' Redis has no address: the primary gives its children one");
  const [variable, name] = ["POSTA_ANALYTICS_REDIS_URL", "the analytics store"] as const;
  const claim = installation && new RedisClaim(installation, { prefix, variable, isQueue: false }, log);
  return new RedisStore({ url, variable, name, prefix, timeoutMs, durable: false, claim }, log);
}
