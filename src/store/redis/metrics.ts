import { Gauge, type Registry } from "prom-client";
import { registerCounts } from "../../telemetry/metrics/counters.js";
import type { RedisFigures } from "./info.js";

/** The figures of each store that were read last, by the store's name. */
export type FiguresByStore = ReadonlyMap<string, RedisFigures>;

/** Labels besides `store`, and a value. */
type Row = [labels: Record<string, string>, value: number];

/** Shows what the Redis servers say of their memory and their files. */
export function registerRedisMetrics(registry: Registry, figures: FiguresByStore): void {
  const registers = [registry];
  const gauge = (name: string, help: string, labels: string[], read: (figures: RedisFigures) => Row[]) =>
    new Gauge({
      name,
      help,
      labelNames: ["store", ...labels],
      registers,
      collect() {
        this.reset();
        for (const [store, one] of figures) for (const [own, value] of read(one)) this.set({ store, ...own }, value);
      },
    });
  // Redis itself counts. A restarted Redis begins again at 0, as Prometheus expects of a counter.
  const counter = (name: string, help: string, read: (figures: RedisFigures) => number) =>
    registerCounts(registry, { name, help }, () => {
      return [...figures].map(([store, one]) => ({ labels: { store }, value: read(one) }));
    });
  gauge("posta_redis_memory_used_bytes", "Memory that a Redis uses.", [], (one) => [[{}, one.usedBytes]]);
  gauge(
    "posta_redis_memory_max_bytes",
    "Memory that it may use: its maxmemory, or where none is set its machine's.",
    [],
    (one) => (one.maxBytes > 0 ? [[{}, one.maxBytes]] : []),
  );
  gauge("posta_redis_maxmemory_policy", "1: what it does at its maxmemory.", ["policy"], (one) =>
    one.policies.map((policy) => [{ policy }, 1]),
  );
  gauge(
    "posta_redis_persistence_ok",
    "0: it could not write to its disk. aof: the append-only file, which the queues' Redis has to have; rdb: the snapshot.",
    ["kind"],
    ({ aofOk, snapshotOk }) => [
      [{ kind: "aof" }, Number(aofOk)],
      [{ kind: "rdb" }, Number(snapshotOk)],
    ],
  );
  gauge("posta_redis_metrics_timestamp_seconds", "When it was last asked, in seconds since 1970.", [], (one) => [
    [{}, one.readAt / 1000],
  ]);
  counter(
    "posta_redis_evicted_keys_total",
    "Keys that it threw away to stay within its maxmemory.",
    (one) => one.evictedKeys,
  );
  counter("posta_redis_delayed_syncs_total", "Writes that had to wait for its disk.", (one) => one.delayedSyncs);
}
