import type { Statement } from "../../store/postgres/session.js";
import type { PostgresStore } from "../../store/postgres/store.js";
import type { RedisStore } from "../../store/redis/store.js";
import type { Keys } from "../hot/keys.js";
import { hourMs } from "../time/range.js";
import { toUnreachable } from "./history.js";

export const readWatermark: Statement = {
  name: "analytics-read-watermark",
  text: "SELECT rolled_until FROM analytics_rollup",
};

/** A watermark that is older is read again, while the old one goes on to be used. */
const freshMs = 5000;
/** An older watermark may name an hour that Redis is about to drop, so it is not used any more. */
const usableMs = 3_600_000;

/**
 * The first hour that is not in the history. Earlier hours are read from PostgreSQL, this hour and later ones from
 * Redis. An old watermark is as right as a new one as long as Redis keeps an hour after its roll-up, which is days.
 *
 * It is read from its mirror in Redis. So a server that only answers for the last hours needs neither a running
 * PostgreSQL nor the memory of a driver. If Redis has evicted the mirror, PostgreSQL is asked.
 */
export class Watermark {
  private hour: number | undefined;
  private readAt = Number.NEGATIVE_INFINITY;
  private reading: Promise<number> | undefined;

  constructor(
    private readonly redis: RedisStore,
    private readonly postgres: PostgresStore,
    private readonly keys: Keys,
    private readonly now: () => number,
  ) {}

  /** Throws unavailable only if the watermark was not read within the last hour. */
  async get(): Promise<number> {
    if (this.now() - this.readAt < freshMs && this.hour !== undefined) return this.hour;
    this.reading ??= this.read().finally(() => {
      this.reading = undefined;
    });
    if (this.hour === undefined || this.now() - this.readAt > usableMs) return this.reading;
    this.reading.catch(() => {}); // The known watermark will do. The next call tries again.
    return this.hour;
  }

  private async read(): Promise<number> {
    const mirror = await this.redis.client.get(this.keys.rolled).catch(() => null);
    this.hour = mirror === null ? await this.readHistory() : Number(mirror);
    this.readAt = this.now();
    return this.hour;
  }

  private async readHistory(): Promise<number> {
    const [row] = await this.postgres.query<{ rolled_until: Date }>(readWatermark).catch((error) => {
      throw toUnreachable(error);
    });
    return Number(row?.rolled_until) / hourMs;
  }
}
