import type { Measured } from "./measure.js";

/** Of calls that ended in one way: how many took up to each bound, in milliseconds, those of the bounds before it included. */
interface Buckets {
  upToMs: number[];
  calls: number[];
}

/** A histogram in seconds of a text in Prometheus' format, by the values of one label. */
export function readBuckets(text: string, name: string, label: string): Map<string, Buckets> {
  const found = new Map<string, Buckets>();
  for (const [, labels = "", count] of text.matchAll(new RegExp(`^${name}_bucket\\{([^}]*)\\} (\\S+)$`, "gm"))) {
    const labelOf = (wanted: string) => new RegExp(`(?:^|,)${wanted}="([^"]*)"`).exec(labels)?.[1] ?? "";
    const buckets = found.get(labelOf(label)) ?? { upToMs: [], calls: [] };
    found.set(labelOf(label), buckets);
    buckets.upToMs.push(labelOf("le") === "+Inf" ? Number.POSITIVE_INFINITY : Number(labelOf("le")) * 1000);
    buckets.calls.push(Number(count));
  }
  return found;
}

/**
 * What such a histogram shows of calls of which only those that ended as `good` succeeded. Within a bucket calls are taken to be
 * spread evenly, as Prometheus' histogram_quantile does; beyond the last bound it is that bound. There is no time line in it.
 */
export function measureBuckets(byEnd: Map<string, Buckets>, good: string, perSecond: number): Omit<Measured, "broken"> {
  const all = addUp([...byEnd.values()]);
  const errors = [...byEnd]
    .filter(([end]) => end !== good)
    .map(([end, { calls }]) => [end, calls.at(-1) ?? 0] as const);
  const at = (share: number) => percentile(all, share);
  return {
    calls: all.calls.at(-1) ?? 0,
    failed: errors.reduce((sum, [, count]) => sum + count, 0),
    errors: Object.fromEntries(errors.filter(([, count]) => count > 0)),
    perSecond,
    latencyMs: { p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99), p999: at(0.999), max: at(1) },
    histogram: toBars(all),
    timeline: [],
  };
}

function addUp(many: Buckets[]): Buckets {
  const upToMs = many[0]?.upToMs ?? [];
  return { upToMs, calls: upToMs.map((_, index) => many.reduce((sum, { calls }) => sum + (calls[index] ?? 0), 0)) };
}

function percentile({ upToMs, calls }: Buckets, share: number): number {
  const rank = share * (calls.at(-1) ?? 0);
  const index = calls.findIndex((count) => count >= rank && count > 0);
  if (index < 0) return Number.NaN;
  const [below, from, until] = [calls[index - 1] ?? 0, upToMs[index - 1] ?? 0, upToMs[index] as number];
  if (until === Number.POSITIVE_INFINITY) return from;
  return from + (until - from) * ((rank - below) / ((calls[index] as number) - below));
}

function toBars({ upToMs, calls }: Buckets): Measured["histogram"] {
  const bars = upToMs.map((bound, index) => ({
    upToMs: Number.isFinite(bound) ? bound : (upToMs[index - 1] ?? 0),
    calls: (calls[index] as number) - (calls[index - 1] ?? 0),
  }));
  return bars.filter((bar) => bar.calls > 0);
}
