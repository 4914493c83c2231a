import { Gauge, type Metric, type Registry } from "prom-client";

/** How often something happened, with one set of labels. */
export interface Count {
  labels: Record<string, string>;
  value: number;
}

/** Registers a counter that a process keeps in plain fields. prom-client reads it at a scrape. */
export function registerCounts(
  registry: Registry,
  { name, help }: { name: string; help: string },
  read: () => Count[],
): void {
  const meta = { name, help, type: "counter", aggregator: "sum" };
  registry.registerMetric({ ...meta, get: async () => ({ ...meta, values: read() }) } as unknown as Metric<string>);
}

/** Registers such a counter without labels. */
export function registerCount(registry: Registry, name: string, help: string, read: () => number): void {
  registerCounts(registry, { name, help }, () => [{ labels: {}, value: read() }]);
}

/** Registers a gauge without labels that is read at a scrape. */
export function registerGauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}
