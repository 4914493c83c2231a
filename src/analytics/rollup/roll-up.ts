import { ensurePartitions } from "../../store/postgres/partitions.js";
import type { Queries, Session } from "../../store/postgres/session.js";
import type { PostgresStore } from "../../store/postgres/store.js";
import { toStoreError } from "../../store/redis/errors.js";
import { defineScript, type Script } from "../../store/redis/scripts.js";
import type { RedisStore } from "../../store/redis/store.js";
import { DayWriter } from "../history/day-writer.js";
import { toDate, toHour } from "../history/history.js";
import { HourWriter } from "../history/hour-writer.js";
import { historyTables } from "../history/monthly-tables.js";
import { readWatermark } from "../history/watermark.js";
import type { HourReader } from "../hot/hour-reader.js";
import type { Keys } from "../hot/keys.js";
import type { UniquesMerger } from "../hot/uniques.js";
import { hourMs } from "../time/range.js";

export interface RollUpLimits {
  /** How old an event may be when it is recorded, and how long Redis keeps an hour; in milliseconds. */
  maxAgeMs: number;
  hotMs: number;
}

/** Added to the age of an event: for events under way, and for clocks that differ. */
const marginMs = 2 * 60_000;

/**
 * Moves hours from Redis into the history, oldest first. It may die anywhere, and any other process may begin again. An
 * hour is closed before it is read. Its rows overwrite rows that are there, and commit together with the watermark.
 */
export class RollUp {
  private readonly closeHours: Script<number>;

  constructor(
    private readonly redis: RedisStore,
    private readonly postgres: PostgresStore,
    private readonly keys: Keys,
    private readonly reader: HourReader,
    private readonly merger: UniquesMerger,
    private readonly limits: RollUpLimits,
    private readonly now: () => number,
  ) {
    this.closeHours = defineScript(redis.client, "analytics/close-hours", 1);
  }

  /** The first hour that is not in the history. This works without Redis. */
  async readHour(session: Session): Promise<number> {
    const [row] = await session.query<{ rolled_until: Date }>(readWatermark);
    return toHour((row as { rolled_until: Date }).rolled_until);
  }

  /** Rolls up that hour if it is due. False: it is not due, or another process was faster. */
  async roll(hour: number, session: Session): Promise<boolean> {
    this.redis.requireUsable();
    // Even if nothing is due: Redis may have evicted both keys, or have the keys of another database.
    await this.close(hour);
    await this.mirror(hour);
    if (this.now() <= (hour + 1) * hourMs + this.limits.maxAgeMs + marginMs) return false;
    await this.close(hour + 1);
    await ensurePartitions(this.postgres, historyTables, toDate(hour), toDate(hour));
    const rolled = await session.transaction((transaction) => this.write(hour, transaction));
    if (rolled) await this.mirror(hour + 1);
    return rolled;
  }

  /** False if another process was faster. */
  private async write(hour: number, transaction: Queries): Promise<boolean> {
    const writer = new HourWriter(transaction);
    if (!(await writer.lock(hour))) return false;
    for await (const names of this.reader.names(hour)) {
      for (const name of names) await this.writeName(hour, name, writer);
    }
    await new DayWriter(transaction, writer, this.merger).writeUntil(hour + 1);
    await writer.advance(hour);
    return true;
  }

  private async writeName(hour: number, name: string, writer: HourWriter): Promise<void> {
    for await (const rows of this.reader.series(hour, name)) await writer.putSeries(hour, name, rows);
    const uniques = await this.reader.uniques(hour, name);
    if (uniques) await writer.putUniques(name, "hour", hour, uniques);
  }

  private async close(hour: number): Promise<void> {
    await this.closeHours([this.keys.closed], [hour, this.limits.hotMs]).catch(rethrow);
  }

  private async mirror(hour: number): Promise<void> {
    await this.redis.client.set(this.keys.rolled, hour, "PX", this.limits.hotMs).catch(rethrow);
  }
}

function rethrow(error: unknown): never {
  throw toStoreError(error, "the analytics store");
}
