import { Gauge, type Registry } from "prom-client";
import type { RedisStore } from "../../store/redis/store.js";
import { hourMs } from "../time/range.js";
import type { Keys } from "./keys.js";

/** The series of the current hour, which decide its memory. They are read at an interval: no scrape waits for Redis. */
export class SeriesMetrics {
  private readonly names: Gauge;
  private readonly series: Gauge;
  private readonly most: Gauge;

  constructor(
    private readonly store: RedisStore,
    private readonly keys: Keys,
    registry: Registry,
  ) {
    const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] });
    this.names = gauge("posta_analytics_names", "Event names that the current hour has (POSTA_ANALYTICS_MAX_NAMES).");
    this.series = gauge("posta_analytics_series", "Series that the current hour has, of all names.");
    this.most = gauge(
      "posta_analytics_most_series",
      "Series of the name that has most of them in the current hour (POSTA_ANALYTICS_MAX_SERIES).",
    );
  }

  async read(now = Date.now()): Promise<void> {
    const hour = Math.floor(now / hourMs);
    const names = await this.store.client.smembers(this.keys.names(hour));
    const pipeline = this.store.client.pipeline();
    for (const name of names) pipeline.zcard(this.keys.series(hour, name));
    const counts = ((await pipeline.exec()) ?? []).map(([, count]) => Number(count));
    this.names.set(names.length);
    this.series.set(counts.reduce((sum, count) => sum + count, 0));
    this.most.set(Math.max(0, ...counts));
  }
}
