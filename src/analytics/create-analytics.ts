import type { Registry } from "prom-client";
import type { Config } from "../config/config.js";
import type { PostgresStore } from "../store/postgres/store.js";
import type { RedisStore } from "../store/redis/store.js";
import { History } from "./history/history.js";
import { HistoryDays } from "./history/history-days.js";
import { HistorySums } from "./history/history-sums.js";
import { HistoryUniques } from "./history/history-uniques.js";
import { HistoryValues } from "./history/history-values.js";
import { Watermark } from "./history/watermark.js";
import { Hot, type HotLimits } from "./hot/hot.js";
import { HourReader } from "./hot/hour-reader.js";
import type { Keys } from "./hot/keys.js";
import { UniquesMerger } from "./hot/uniques.js";
import { Cache } from "./read/cache.js";
import { HotLists } from "./read/hot-lists.js";
import { ListsReader } from "./read/read-lists.js";
import { SumsReader } from "./read/read-sums.js";
import { RollUp, type RollUpLimits } from "./rollup/roll-up.js";
import { RollUpWork } from "./rollup/roll-up-work.js";
import { EventBuffer } from "./track/buffer.js";
import { EventBatcher } from "./track/event-batcher.js";
import { EventStore } from "./track/event-store.js";
import { registerTrackMetrics } from "./track/metrics.js";
import { Tracker } from "./track/track.js";

/** What reads and roll-ups work on. The code that opened the stores closes them. */
export interface Stores {
  redis: RedisStore;
  postgres: PostgresStore;
  keys: Keys;
  metrics: Registry;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Answers the reads of AnalyticsService. */
export interface Reads {
  sums: SumsReader;
  lists: ListsReader;
}

/** The settings for the age of events. */
export function limitsOf(config: Pick<Config, "analyticsHotMs" | "analyticsMaxLeadMs" | "analyticsMaxAgeMs">) {
  const { analyticsHotMs: hotMs, analyticsMaxLeadMs: maxLeadMs, analyticsMaxAgeMs: maxAgeMs } = config;
  return { hotMs, maxLeadMs, maxAgeMs };
}

/** Makes the parts that record events, on the way from a process to Redis. */
export function createTracker(config: Config, store: RedisStore, keys: Keys, metrics: Registry): Tracker {
  const events = new EventStore(store, keys, config);
  const batcher = new EventBatcher((batch, deadline) => events.write(batch, deadline));
  const buffer = new EventBuffer(batcher, config.analyticsBuffer, config.analyticsIdWindowMs);
  registerTrackMetrics(metrics, batcher, buffer);
  return new Tracker(batcher, buffer, config, () => store.requireUsable());
}

export function createReads({ redis, postgres, keys, metrics, now }: Stores, limits: HotLimits): Reads {
  const history = new History(postgres);
  const days = new HistoryDays(history);
  const hot = new Hot(redis, keys, limits, now);
  const merger = new UniquesMerger(redis, keys);
  const watermark = new Watermark(redis, postgres, keys, now);
  const cache = new Cache(redis, keys, metrics, now);
  const lists = { uniques: new HistoryUniques(history, merger), values: new HistoryValues(history, days) };
  return {
    sums: new SumsReader(new HistorySums(history, days), hot, watermark, cache),
    lists: new ListsReader(lists, new HotLists(hot, keys), merger, watermark, cache),
  };
}

/** Makes the work that moves hours into the history, in the delivery process that leads. */
export function createRollUp(stores: Stores, limits: HotLimits & RollUpLimits): RollUpWork {
  const { redis, postgres, keys, metrics, now } = stores;
  const reader = new HourReader(new Hot(redis, keys, limits, now), keys);
  const rollUp = new RollUp(redis, postgres, keys, reader, new UniquesMerger(redis, keys), limits, now);
  return new RollUpWork(rollUp, metrics);
}
