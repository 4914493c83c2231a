import type { Registry } from "prom-client";
import { Distribution, registerDistributions } from "../telemetry/metrics/histogram.js";

const sizeBounds = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const secondsBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** The metrics of a group commit. They are recorded once per batch, so a call costs next to nothing. */
export class BatchMetrics {
  readonly sizes = new Distribution(sizeBounds);
  readonly waits = new Distribution(secondsBounds);
  readonly writes = new Distribution(secondsBounds);

  /**
   * Records a batch of `size` items that was written, or that failed. Times are of performance.now(). The first item
   * has waited since `waitedSince`. The batch was sent at `sent`.
   */
  add(size: number, waitedSince: number, sent: number): void {
    this.sizes.add(size);
    this.waits.add((sent - waitedSince) / 1000);
    this.writes.add((performance.now() - sent) / 1000);
  }
}

/**
 * Registers the metrics `<name>_size`, `<name>_wait_seconds` and `<name>_write_seconds`. `of` names the items of a
 * batch.
 */
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
