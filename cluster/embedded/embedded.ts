import { type Config, ConfigError } from "../../src/config/config.js";
import type { Logger } from "../../src/telemetry/log/log.js";
import { EmbeddedPostgres } from "./embedded-postgres.js";
import { EmbeddedRedis } from "./embedded-redis.js";

/** The addresses of all stores, by the variables from which the children read them. */
export type StoreUrls = Record<"POSTA_QUEUE_REDIS_URL" | "POSTA_ANALYTICS_REDIS_URL" | "POSTA_DATABASE_URL", string>;

/** The private stores: one for each store without an address in the settings. */
export class EmbeddedStores {
  readonly urls: StoreUrls;
  private readonly queue: EmbeddedRedis | undefined;
  private readonly analytics: EmbeddedRedis | undefined;
  private readonly postgres: EmbeddedPostgres | undefined;

  /** Throws a ConfigError that names the fix. */
  constructor(
    private readonly config: Config,
    log: Logger,
  ) {
    requireWanted(config);
    const { queueRedisUrl, analyticsRedisUrl, databaseUrl } = config;
    if (queueRedisUrl === undefined) this.queue = EmbeddedRedis.forQueue(config, log);
    if (analyticsRedisUrl === undefined) this.analytics = EmbeddedRedis.forAnalytics(config, log);
    if (databaseUrl === undefined) this.postgres = new EmbeddedPostgres(config, log);
    this.urls = {
      POSTA_QUEUE_REDIS_URL: queueRedisUrl ?? (this.queue?.url as string),
      POSTA_ANALYTICS_REDIS_URL: analyticsRedisUrl ?? (this.analytics?.url as string),
      POSTA_DATABASE_URL: databaseUrl ?? (this.postgres?.url as string),
    };
  }

  /** Starts all embedded stores. The servers need to wait only for `queue`. */
  start(): { queue: Promise<void>; others: Promise<void> } {
    const others = Promise.all([this.analytics?.start(), this.postgres?.start()]).then(() => {});
    others.catch(() => {}); // The code that awaits `others` handles the error.
    return { queue: this.queue?.start() ?? Promise.resolve(), others };
  }

  async stop(): Promise<void> {
    await Promise.all([this.queue?.stop(), this.analytics?.stop(), this.postgres?.stop()]);
  }

  /** The folders of the data. */
  get folders(): string[] {
    const { queue, analytics, postgres } = this;
    const folders = [queue?.dir, analytics?.dir, postgres?.dir];
    return folders.filter((dir) => dir !== undefined);
  }

  /** A text for the line that announces where everything is. */
  describe(): string {
    const { dataDir } = this.config;
    const parts = [
      `queue Redis ${this.queue ? `embedded in ${dataDir}` : "external"}`,
      `analytics Redis ${this.analytics ? `embedded in ${dataDir}` : "external"}`,
      `PostgreSQL ${this.postgres ? `embedded in ${this.postgres.shownDir}` : "external"}`,
    ];
    return parts.join(", ");
  }
}

/** Throws a ConfigError for a private store that may be a mistake: beside external stores, other hosts do not see it. */
function requireWanted({ embedded, queueRedisUrl, analyticsRedisUrl, databaseUrl }: Config): void {
  const addresses = Object.entries({
    POSTA_QUEUE_REDIS_URL: queueRedisUrl,
    POSTA_ANALYTICS_REDIS_URL: analyticsRedisUrl,
    POSTA_DATABASE_URL: databaseUrl,
  });
  const unset = addresses.filter(([, url]) => url === undefined).map(([variable]) => variable);
  const names = unset.join(", ");
  if (embedded === "never" && unset.length > 0)
    throw new ConfigError(`${names}: not set, and POSTA_EMBEDDED is never; give each an address`);
  if (embedded === "auto" && unset.length > 0 && unset.length < addresses.length)
    throw new ConfigError(
      `${names}: not set, while another store has an address; give each an address, or set POSTA_EMBEDDED=missing if no other host needs these stores`,
    );
}
