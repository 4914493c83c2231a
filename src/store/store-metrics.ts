import { Gauge, type Registry } from "prom-client";
import { Distribution, registerDistributions } from "../telemetry/metrics/histogram.js";
import type { PoolUse } from "./postgres/pool.js";

/** The events of a store's heartbeat. */
interface Heartbeat {
  on(event: "usable", listener: (usable: boolean) => void): unknown;
  on(event: "answered", listener: (ms: number) => void): unknown;
}

/** The stores of a process, by their names in its metrics. */
type Stores = {
  "redis-queue"?: Heartbeat;
  "redis-analytics"?: Heartbeat;
  postgres?: Heartbeat & { readonly poolUse: PoolUse | undefined };
};

const bounds = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/**
 * Shows whether one process reaches its stores, and how fast. It listens to their heartbeats, which take the same way
 * as all commands. So their time includes the waits of commands: in the process, on the network and in the store. No
 * command is timed by itself.
 */
export function registerStoreMetrics(registry: Registry, stores: Stores): void {
  const registers = [registry];
  const usable = new Gauge({
    name: "posta_store_up",
    help: "1: every process that uses the store reaches it.",
    labelNames: ["store"],
    aggregator: "min",
    registers,
  });
  const roundTrips: Distribution[] = [];
  const help = "How long a store takes to answer the least that it can be asked, twice a second from each process.";
  registerDistributions(registry, { name: "posta_store_round_trip_seconds", help }, () => roundTrips);
  for (const [store, heartbeat] of Object.entries<Heartbeat>(stores)) {
    const roundTrip = new Distribution(bounds, { store });
    roundTrips.push(roundTrip);
    heartbeat.on("usable", (is) => usable.set({ store }, is ? 1 : 0));
    heartbeat.on("answered", (ms) => roundTrip.add(ms / 1000));
  }
  const { postgres } = stores;
  if (postgres) registerPool(registry, () => postgres.poolUse);
}

function registerPool(registry: Registry, read: () => PoolUse | undefined): void {
  const labels = { labelNames: ["state"], registers: [registry] };
  const connections = {
    name: "posta_postgres_pool_connections",
    help: "Connections to PostgreSQL; max: as many as may be.",
  };
  new Gauge({
    ...connections,
    ...labels,
    collect() {
      for (const state of ["busy", "idle", "max"] as const) this.set({ state }, read()?.[state] ?? 0);
    },
  });
  new Gauge({
    name: "posta_postgres_pool_waiting",
    help: "Statements that wait for a connection.",
    registers: [registry],
    collect() {
      this.set(read()?.waiting ?? 0);
    },
  });
}
