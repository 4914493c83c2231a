import type { Metric, MetricObjectWithValues, MetricValue, Registry } from "prom-client";

/** The values of one histogram with one set of labels, in the form in which they go to the primary. */
interface Row {
  readonly bounds: readonly number[];
  readonly labels: Record<string, string>;
  /** How many values are above the bound before and up to this bound. The last number: values above all bounds. */
  readonly buckets: readonly number[];
  readonly count: number;
  readonly sum: number;
}

/** The distribution of the values of one histogram, with one set of labels. */
export class Distribution implements Row {
  readonly buckets: number[];
  count = 0;
  sum = 0;

  constructor(
    readonly bounds: readonly number[],
    readonly labels: Record<string, string> = {},
  ) {
    this.buckets = Array(bounds.length + 1).fill(0);
  }

  add(value: number): void {
    this.count += 1;
    this.sum += value;
    let bucket = 0;
    while (bucket < this.bounds.length && value > (this.bounds[bucket] as number)) bucket += 1;
    this.buckets[bucket] = (this.buckets[bucket] as number) + 1;
  }
}

/** A metric as prom-client shows it. */
type Shown = MetricObjectWithValues<MetricValue<string>>;
/** A histogram in short form. Written out, the rows would be four fifths of what a process sends at a scrape. */
type Packed = Pick<Shown, "name" | "help" | "type" | "aggregator"> & { rows: readonly Row[] };

/** The metrics of a process on their way to its primary. */
export type PackedMetrics = (Shown | Packed)[];

/**
 * Registers a histogram for frequent events. prom-client's own histogram hashes the labels of every observation. This
 * one adds to plain fields, and takes prom-client's form only at a scrape.
 */
export function registerDistributions(
  registry: Registry,
  { name, help }: { name: string; help: string },
  rows: () => readonly Distribution[],
): void {
  const meta = { name, help, type: "histogram", aggregator: "sum" };
  const pack = () => ({ ...meta, rows: rows() }) as unknown as Packed;
  registry.registerMetric({ ...meta, pack, get: async () => unpack(pack()) } as unknown as Metric<string>);
}

/** The metrics that a process sends to its primary at a scrape. */
export function packMetrics(registry: Registry): Promise<PackedMetrics> {
  const metrics = registry.getMetricsAsArray() as unknown as { pack?(): Packed; get(): Promise<Shown> }[];
  return Promise.all(metrics.map(async (metric) => metric.pack?.() ?? metric.get()));
}

/** Turns packed metrics into prom-client's form. */
export function unpackMetrics(metrics: PackedMetrics): Shown[] {
  return metrics.map((metric) => ("rows" in metric ? unpack(metric) : metric));
}

function unpack({ rows, ...meta }: Packed): Shown {
  return { ...meta, values: rows.flatMap((row) => toSamples(meta.name, row)) } as unknown as Shown;
}

function toSamples(name: string, { bounds, labels, buckets, sum, count }: Row) {
  let below = 0;
  const values = buckets.map((inBucket, index) => {
    below += inBucket;
    return { labels: { le: bounds[index] ?? "+Inf", ...labels }, value: below, metricName: `${name}_bucket` };
  });
  const total = { labels, value: sum, metricName: `${name}_sum` };
  return [...values, total, { labels, value: count, metricName: `${name}_count` }];
}
