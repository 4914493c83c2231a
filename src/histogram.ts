import type { Metric, Registry } from "prom-client";

/** How the values of one histogram, with one set of labels, are spread. */
export class Distribution {
  /** How many took up to each bound and over the one before; the last: over all bounds. */
  private readonly buckets: Float64Array;
  count = 0;
  private sum = 0;

  constructor(
    private readonly bounds: readonly number[],
    private readonly labels: Record<string, string> = {},
  ) {
    this.buckets = new Float64Array(bounds.length + 1);
  }

  add(value: number): void {
    this.count += 1;
    this.sum += value;
    let bucket = 0;
    while (bucket < this.bounds.length && value > (this.bounds[bucket] as number)) bucket += 1;
    this.buckets[bucket] = (this.buckets[bucket] as number) + 1;
  }

  /** As prom-client shows a histogram. */
  samples(name: string) {
    const { bounds, labels } = this;
    let below = 0;
    const values = [...this.buckets].map((inBucket, index) => {
      below += inBucket;
      return { labels: { le: bounds[index] ?? "+Inf", ...labels }, value: below, metricName: `${name}_bucket` };
    });
    const sum = { labels, value: this.sum, metricName: `${name}_sum` };
    return [...values, sum, { labels, value: this.count, metricName: `${name}_count` }];
  }
}

/**
 * A histogram for what happens often: prom-client's own hashes the labels of every observation; this adds to plain fields
 * and is put into prom-client's shape at a scrape.
 */
export function registerDistributions(
  registry: Registry,
  { name, help }: { name: string; help: string },
  rows: () => readonly Distribution[],
): void {
  const meta = { name, help, type: "histogram", aggregator: "sum" };
  const get = async () => ({ ...meta, values: rows().flatMap((row) => row.samples(name)) });
  registry.registerMetric({ ...meta, get } as unknown as Metric<string>);
}
