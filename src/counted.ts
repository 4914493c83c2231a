import { Counter, type Registry } from "prom-client";

/** A counter that a process keeps in a plain field; prom-client sees it at a scrape. */
export function registerCount(registry: Registry, name: string, help: string, read: () => number): void {
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      this.reset();
      this.inc(read());
    },
  });
}
