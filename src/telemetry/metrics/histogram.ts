import type { Metric, MetricObjectWithValues, MetricValue, Registry } from "prom-client";

/** The values of one histogram, with one set of labels, as they go to the primary. */
interface Row {
  readonly bounds: readonly number[];
  readonly labels: Record<string, string>;
  /** How many took up to each bound and over the one before; the last: over all bounds. */
  readonly buckets: readonly number[];
  readonly count: number;
  readonly sum: number;
}

/** How the values of one histogram, with one set of labels, are spread. */
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
/** A histogram whose rows are not spelled out: those are four fifths of what a process would tell at a scrape. */
type Packed = Pick<Shown, "name" | "help" | "type" | "aggregator"> & { rows: readonly Row[] };

/** The metrics of a process on their way to its primary. */
export type PackedMetrics = (Shown | Packed)[];

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
  const pack = () => ({ ...meta, rows: rows() }) as unknown as Packed;
  registry.registerMetric({ ...meta, pack, get: async () => unpack(pack()) } as unknown as Metric<string>);
}

/** What a process tells its primary at a scrape. */
export function packMetrics(registry: Registry): Promise<PackedMetrics> {
  const metrics = registry.getMetricsAsArray() as unknown as { pack?(): Packed; get(): Promise<Shown> }[];
  return Promise.all(metrics.map(async (metric) => metric.pack?.() ?? metric.get()));
}

/** The same in prom-client's shape. */
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
