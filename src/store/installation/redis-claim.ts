import { ConfigError } from "../../config/config.js";
import type { Logger } from "../../telemetry/log/log.js";
import type { Installation } from "./installation.js";

/** A Redis that a delivery process saw within this time is in use. Such a process says so every 5 s. */
const inUseSeconds = 30;
/**
 * How long a process waits at a Redis without an id. A Redis that has just lost its data gets the id again within 5 s, from a
 * process that used it before. If all hosts were stopped, their Redis is forgotten after 30 s.
 */
const patienceMs = 35_000;

/** The commands of a Redis client that are needed here. */
interface Commands {
  get(key: string): Promise<string | null>;
  set(key: string, value: string, onlyNew: "NX"): Promise<unknown>;
}

export interface ClaimOptions {
  /** The prefix of all keys. */
  prefix: string;
  /** The variable that the address came from, for errors. */
  variable: string;
  /** The queues' Redis: an installation has only one. The analytics' Redis may forget its keys, and with them the id. */
  isQueue: boolean;
}

/**
 * - ours: Redis may be used. This is also the verdict while the database has not told the installation's id.
 * - wait: not yet; ask again.
 * - an error: Redis belongs to another installation, or this installation to another Redis.
 */
export type Verdict = "ours" | "wait" | ConfigError;

/** Makes a Redis carry the id of its installation, and finds out a Redis that belongs to another. */
export class RedisClaim {
  private found = false;
  private waitsSince: number | undefined;

  constructor(
    readonly installation: Installation,
    private readonly options: ClaimOptions,
    private readonly log: Logger,
  ) {}

  /** Redis was seen to belong to the installation. */
  get isOurs(): boolean {
    return this.found;
  }

  /** Looks at a Redis that has just been reached. */
  async check(redis: Commands): Promise<Verdict> {
    const { id } = this.installation;
    if (id === undefined) return "ours";
    const owner = (await redis.get(this.key)) ?? undefined;
    const verdict = owner === undefined ? await this.claim(redis, id) : this.compare(owner, id);
    if (verdict !== "wait") this.waitsSince = undefined;
    if (verdict === "ours") this.found = true;
    return verdict;
  }

  /** Tells other hosts that the queues' Redis is in use. Gives the id back to a Redis that has lost it. */
  async renew(redis: Commands): Promise<void> {
    const { id } = this.installation;
    if (id === undefined || !this.found) return;
    let owner = await redis.get(this.key);
    if (owner === null) {
      await this.write(redis, id);
      owner = await redis.get(this.key);
    }
    if (owner === id) await this.installation.markQueueSeen();
  }

  private get key(): string {
    return `${this.options.prefix}:posta-installation`;
  }

  private compare(owner: string, id: string): Verdict {
    if (owner === id) return "ours";
    const { prefix, variable } = this.options;
    return new ConfigError(
      `${variable}: the keys "${prefix}:*" of this Redis belong to installation ${owner}, and the database (POSTA_DATABASE_URL) to ${id}; give all hosts the same stores and prefixes. If these two do belong together: redis-cli DEL ${this.key}`,
    );
  }

  /** Redis carries no id: it is new, it has lost its data, or another Redis is the right one. */
  private async claim(redis: Commands, id: string): Promise<Verdict> {
    if (this.options.isQueue && !this.found) {
      const seconds = await this.installation.readQueueSeen();
      if (seconds !== undefined && seconds < inUseSeconds) return this.waitOrRefuse(id, seconds);
    }
    await this.write(redis, id);
    // Another host may have been faster. A Redis that takes no writes has no owner yet, and nothing can be written there.
    return this.compare((await redis.get(this.key)) ?? id, id);
  }

  private async write(redis: Commands, id: string): Promise<void> {
    if (this.found) this.log.error(`${this.options.variable}: Redis has lost its data: its installation's id was gone`);
    await redis.set(this.key, id, "NX").catch((error: Error) => {
      if (error.name !== "ReplyError") throw error; // The store itself tells that Redis refuses writes.
    });
  }

  private waitOrRefuse(id: string, seconds: number): Verdict {
    const now = performance.now();
    this.waitsSince ??= now;
    if (now - this.waitsSince < patienceMs) return "wait";
    const { prefix, variable } = this.options;
    return new ConfigError(
      `${variable}: installation ${id} of the database (POSTA_DATABASE_URL) has its queues in another Redis, which a delivery process saw ${Math.round(seconds)} s ago; this Redis has nothing of it under "${prefix}". Give all hosts the same POSTA_QUEUE_REDIS_URL and POSTA_QUEUE_PREFIX. To move the queues to this Redis, stop all hosts first`,
    );
  }
}
