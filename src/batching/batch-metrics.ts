import type { Registry } from "prom-client";
import { Distribution, registerDistributions } from "../telemetry/metrics/histogram.js";

const sizeBounds = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const secondsBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** What a group commit does; told once a batch, so that it costs a call next to nothing. */
export class BatchMetrics {
  readonly sizes = new Distribution(sizeBounds);
  readonly waits = new Distribution(secondsBounds);
  readonly writes = new Distribution(secondsBounds);

  /**
   * A batch of `size` items has been written, or could not be. Times are of performance.now(): since when its first item
   * waited, and when it was sent.
   */
  add(size: number, waitedSince: number, sent: number): void {
    this.sizes.add(size);
    this.waits.add((sent - waitedSince) / 1000);
    this.writes.add((performance.now() - sent) / 1000);
  }
}

/** Shows the figures as `<name>_size`, `<name>_wait_seconds` and `<name>_write_seconds`; `of` is what a batch has. */
export function registerBatchMetrics(registry: Registry, name: string, of: string, figures: BatchMetrics): void {
  const { sizes, waits, writes } = figures;
  registerDistributions(registry, { name: `${name}_size`, help: `How many ${of} share a batch.` }, () => [sizes]);
  const wait = {
    name: `${name}_wait_seconds`,
    help: `How long the first of a batch of ${of} waited for it.`,
  };
  registerDistributions(registry, wait, () => [waits]);
  const write = {
    name: `${name}_write_seconds`,
    help: `How long a batch of ${of} was on its way to the store.`,
  };
  registerDistributions(registry, write, () => [writes]);
}
