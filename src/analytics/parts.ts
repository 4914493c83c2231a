import type { Registry } from "prom-client";
import { Leader } from "../background/leader.js";
import type { Config } from "../config/config.js";
import type { PostgresStore } from "../store/postgres/store.js";
import type { RedisStore } from "../store/redis/store.js";
import type { Logger } from "../telemetry/log/log.js";
import { EventBuffer } from "./buffer.js";
import { Cache } from "./cache.js";
import { EventStore } from "./event-store.js";
import { History } from "./history.js";
import { HistoryDays } from "./history-days.js";
import { HistorySums } from "./history-sums.js";
import { HistoryUniques } from "./history-uniques.js";
import { HistoryValues } from "./history-values.js";
import { Hot, type HotLimits } from "./hot.js";
import { HotLists } from "./hot-lists.js";
import { HourReader } from "./hour-reader.js";
import type { Keys } from "./keys.js";
import { registerTrackMetrics } from "./metrics.js";
import { ListsReader } from "./read-lists.js";
import { SumsReader } from "./read-sums.js";
import { RollUp, type RollUpLimits } from "./roll-up.js";
import { RollUpLoop } from "./roll-up-loop.js";
import { Tracker } from "./track.js";
import { UniquesMerger } from "./uniques.js";
import { Watermark } from "./watermark.js";
import { Window } from "./window.js";

/** What reads and roll-ups are made of; whoever opened the stores closes them. */
export interface Stores {
  redis: RedisStore;
  postgres: PostgresStore;
  keys: Keys;
  metrics: Registry;
  /** Milliseconds since 1970. */
  now(): number;
}

/** What answers the questions of AnalyticsService. */
export interface Reads {
  sums: SumsReader;
  lists: ListsReader;
}

/** What the settings say of how events age. */
export function limitsOf(config: Pick<Config, "analyticsHotMs" | "analyticsMaxLeadMs" | "analyticsMaxAgeMs">) {
  const { analyticsHotMs: hotMs, analyticsMaxLeadMs: maxLeadMs, analyticsMaxAgeMs: maxAgeMs } = config;
  return { hotMs, maxLeadMs, maxAgeMs };
}

/** What records events, on the way from a process to Redis. */
export function createTracker(config: Config, store: RedisStore, keys: Keys, metrics: Registry): Tracker {
  const events = new EventStore(store, keys, config);
  const window = new Window((batch, deadline) => events.write(batch, deadline));
  const buffer = new EventBuffer(window, config.analyticsBuffer, config.analyticsIdWindowMs);
  registerTrackMetrics(metrics, window, buffer);
  return new Tracker(window, buffer, config, () => store.requireUsable());
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

/** What moves hours into the history, in a delivery process. */
export function createRollUp(stores: Stores, limits: HotLimits & RollUpLimits, log: Logger): RollUpLoop {
  const { redis, postgres, keys, metrics, now } = stores;
  const reader = new HourReader(new Hot(redis, keys, limits, now), keys);
  const rollUp = new RollUp(redis, postgres, keys, reader, new UniquesMerger(redis, keys), limits, now);
  return new RollUpLoop(rollUp, new Leader(postgres, "rollUp"), metrics, log);
}
