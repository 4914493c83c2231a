import type { MetricsSnapshot } from "../supervise/messages.js";
import { type Figure, judge, type Reading, type State, worst } from "./figure.js";
import type { Sample } from "./sample.js";
import { sumOf, valuesOf } from "./sample.js";
import type { Targets } from "./targets.js";
import { percentileMs, type StatusWindow } from "./window.js";

/** Minimum reads in a minute to judge the cache. With few reads, most are first reads, which always miss. */
const fewestReads = 100;

/** One item of the guide's checklist for continuous monitoring. */
export interface Item {
  name: string;
  /** The worst state of the item's figures. */
  state: State;
  figures: Figure[];
}

/** The data behind the items. */
interface Source {
  window: StatusWindow;
  merged: MetricsSnapshot;
  /** Time since the data was read, in milliseconds. */
  ageMs: number;
  now: number;
  targets: Targets;
}

const mib = 1 << 20;

/** The calls that belong to each operation of the targets: the calls that the load suites measure, and similar ones. */
const operations: Record<string, (sample: Sample) => (Sample["whatsapp"] | undefined)[]> = {
  "queue-add-p99": ({ methods }) => [methods.get("QueueService/AddJob")],
  "read-p99": ({ methods }) => [...methods].filter(([name]) => isRead(name)).map(([, calls]) => calls),
  "analytics-p99": ({ methods }) => [methods.get("AnalyticsService/TrackEvent")],
  "whatsapp-p99": ({ whatsapp }) => [whatsapp],
};

/** The eight items, in the guide's order. */
export function checklist(source: Source): Item[] {
  return [
    item(
      "P99 latencies",
      Object.keys(operations).map((id) => latency(source, id)),
    ),
    item("Error rates", [errorRate(source)]),
    item("Memory growth", [memory(source), memoryGrowth(source)]),
    item("Event loop lag", [eventLoop(source)]),
    item("Queue depths", [queueDepth(source)]),
    item("Slow queries", [slowQueries(source)]),
    item("Cache hit rates", [cacheHits(source)]),
    item(
      "Redis memory",
      ["queue", "analytics"].map((store) => redisMemory(source, store)),
    ),
  ];
}

function item(name: string, figures: Figure[]): Item {
  return { name, state: worst(figures.map(({ state }) => state)), figures };
}

function latency({ window, targets, ageMs }: Source, id: string): Figure {
  const calls = window.calls(operations[id] as (sample: Sample) => []);
  const detail =
    calls.count > 0 ? `${calls.count} calls in ${Math.round(window.seconds)} s` : "no calls in the last minute";
  return judge(targets, id, { value: percentileMs(calls, 99), detail, ageMs });
}

function errorRate({ window, targets, ageMs }: Source): Figure {
  const { count, failed } = window.calls(({ methods }) => [...methods.values()]);
  const value = count > 0 ? (100 * failed) / count : undefined;
  const detail =
    count > 0 ? `${failed} of ${count} calls in ${Math.round(window.seconds)} s` : "no calls in the last minute";
  return judge(targets, "error-rate", { value, detail, ageMs });
}

/** The target is for a given number of processes, the primary included. So this scales it to the real number. */
function memory({ window, targets, merged, ageMs }: Source): Figure {
  const { last } = window;
  const target = targets.get("memory");
  const processes = 1 + sumOf(merged, "posta_servers") + sumOf(merged, "posta_deliveries");
  const detail = `resident, of all ${processes} processes; without the stores`;
  const scale = processes / (target?.indicator?.processes ?? processes);
  return judge(targets, "memory", { value: last && last.memoryBytes / mib, detail, ageMs }, scale);
}

function memoryGrowth({ window, targets, ageMs }: Source): Figure {
  const growth = window.heapGrowth();
  const detail = growth
    ? `in ${growth.minutes} minutes`
    : "takes a quarter of an hour from the last start of a process";
  return judge(targets, "memory-growth", { value: growth?.percent, detail, ageMs });
}

function eventLoop({ window, targets, ageMs }: Source): Figure {
  const value = window.last?.eventLoopDelayMs;
  return judge(targets, "event-loop-delay", { value, detail: "in the last 15 to 30 s", ageMs });
}

function queueDepth(source: Source): Figure {
  const { merged, targets } = source;
  const ages = valuesOf(merged, "posta_queue_oldest_due_age_seconds");
  const isPaused = (queue: unknown) => sumOf(merged, "posta_queue_paused", { queue: String(queue) }) > 0;
  const running = ages.filter(({ labels }) => !isPaused(labels.queue));
  const oldest = running.reduce((most, age) => (age.value > most.value ? age : most), { value: 0, labels: {} });
  const waiting = ["waiting", "prioritized"].reduce(
    (sum, state) => sum + sumOf(merged, "posta_queue_jobs", { state }),
    0,
  );
  const { queue } = oldest.labels as { queue?: string };
  const where = oldest.value > 0 ? `, the oldest in ${queue}` : "";
  const queues = ages.length === 1 ? "1 queue" : `${ages.length} queues`;
  const detail = `${waiting} waiting in ${queues}${where}`;
  const reading = timed(source, "posta_queue_metrics_timestamp_seconds", {}, { value: oldest.value, detail });
  return judge(targets, "oldest-due-job", reading ?? never(source, "the queues' Redis has not answered yet"));
}

function slowQueries(source: Source): Figure {
  const { merged, targets } = source;
  const value = sumOf(merged, "posta_postgres_slowest_statement_seconds") * 1000;
  const detail = "of calls in the last minute";
  const reading = timed(source, "posta_postgres_statements_timestamp_seconds", {}, { value, detail });
  if (!reading) return judge(targets, "slow-query", never(source, "no delivery process has reached PostgreSQL yet"));
  if (sumOf(merged, "posta_postgres_statements_known") === 0) {
    return judge(targets, "slow-query", never(source, "PostgreSQL has no pg_stat_statements that Posta may read"));
  }
  return judge(targets, "slow-query", reading);
}

function cacheHits({ window, targets, ageMs }: Source): Figure {
  const { reads, hits } = window.cache;
  const value = reads >= fewestReads ? (100 * hits) / reads : undefined;
  const detail = `${hits} of ${reads} reads of analytics${value === undefined ? `, too few to judge: under ${fewestReads}` : ""}`;
  return judge(targets, "cache-hit-rate", { value, detail, ageMs });
}

function redisMemory(source: Source, store: string): Figure {
  const { merged, targets } = source;
  const [used, limit] = ["posta_redis_memory_used_bytes", "posta_redis_memory_max_bytes"].map((name) =>
    sumOf(merged, name, { store: `redis-${store}` }),
  );
  const value = limit === 0 ? undefined : (100 * (used as number)) / (limit as number);
  const most = limit === 0 ? "an unknown limit" : `${Math.round((limit as number) / mib)} MiB`;
  const detail = `${Math.round((used as number) / mib)} MiB of ${most}`;
  const reading = timed(
    source,
    "posta_redis_metrics_timestamp_seconds",
    { store: `redis-${store}` },
    { value, detail },
  );
  const figure = judge(targets, "redis-memory", reading ?? never(source, "it has not answered yet"));
  return { ...figure, id: `redis-memory-${store}`, name: `Redis memory of its limit, ${store}` };
}

/** A reading with its age, from the metric `timestamp`; undefined if it was never read. */
function timed(
  { merged, now }: Source,
  timestamp: string,
  labels: Record<string, string>,
  reading: Omit<Reading, "ageMs">,
) {
  const at = Math.max(0, ...valuesOf(merged, timestamp, labels).map(({ value }) => value));
  return at > 0 ? { ...reading, ageMs: Math.max(0, now - at * 1000) } : undefined;
}

function never({ ageMs }: Source, detail: string): Reading {
  return { value: undefined, detail, ageMs };
}

function isRead(method: string): boolean {
  return /\/(Get|List|Count)/.test(method);
}
