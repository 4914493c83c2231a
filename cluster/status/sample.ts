import type { MetricsSnapshot } from "../supervise/messages.js";
import type { ErrorRule } from "./targets.js";

/** Ended calls of one or several methods: how many ended, how many failed by Posta's fault, and how long they took. */
export interface Calls {
  count: number;
  failed: number;
  /** How many calls took at most each bound, in seconds. The last bound is Infinity. */
  upTo: Map<number, number>;
}

/** Jobs of remote workers: those that were leased, those whose attempts ended by a report, and those whose leases were lost. */
export interface Work {
  leased: number;
  finished: number;
  lost: number;
}

/** The reports that end an attempt. The others put the job back. */
const ends = ["complete", "fail", "cancelled"];

/** The figures that the status needs from the merged metrics, at one moment. Counts only grow. */
export interface Sample {
  /** Milliseconds since 1970. */
  at: number;
  /** By name, such as "QueueService/AddJob". gRPC and HTTP are counted together. */
  methods: Map<string, Calls>;
  whatsapp: Calls;
  /** Analytics reads, and how many of them some level of the cache answered. */
  cache: { reads: number; hits: number };
  work: Work;
  heapBytes: number;
  memoryBytes: number;
  /** The delay of the worst process. */
  eventLoopDelayMs: number;
}

export function takeSample(merged: MetricsSnapshot, at: number, { services, codes }: ErrorRule): Sample {
  const methods = new Map<string, Calls>();
  for (const transport of ["grpc", "connect"]) {
    readCalls(merged, `${transport}_server_handling_seconds`, (labels) => {
      const service = labels[`${transport}_service`] ?? "";
      if (!service.startsWith(services)) return undefined; // Skip probes and reflection.
      const calls = callsOf(methods, `${service.split(".").at(-1)}/${labels[`${transport}_method`]}`);
      const code = labels[`${transport}_code`] ?? "";
      // A stopping server ends its streams with UNAVAILABLE, and clients open new ones. This is no failure.
      const isFarewell = code === "UNAVAILABLE" && labels[`${transport}_type`] !== "unary";
      return { calls, failed: codes.has(code) && !isFarewell };
    });
  }
  const whatsapp = noCalls();
  readCalls(merged, "posta_whatsapp_request_seconds", ({ kind }) => ({ calls: whatsapp, failed: kind !== "accepted" }));
  const cache = (labels: Record<string, string>) => sumOf(merged, "posta_analytics_cache_requests_total", labels);
  const [reads, missed, shared] = [
    cache({ level: "local" }),
    cache({ level: "local", result: "miss" }),
    cache({ level: "shared", result: "hit" }),
  ];
  return {
    at,
    methods,
    whatsapp,
    cache: { reads, hits: reads - missed + shared },
    work: {
      leased: sumOf(merged, "posta_work_leased_total"),
      finished: ends.reduce((sum, outcome) => sum + sumOf(merged, "posta_work_settled_total", { outcome }), 0),
      lost: sumOf(merged, "posta_work_lost_total"),
    },
    heapBytes: sumOf(merged, "nodejs_heap_size_used_bytes"),
    memoryBytes: sumOf(merged, "posta_memory_bytes"),
    eventLoopDelayMs: sumOf(merged, "nodejs_eventloop_lag_p99_seconds") * 1000,
  };
}

/** The values of a metric that have these labels, added up; 0 if there are none. */
export function sumOf(metrics: MetricsSnapshot, name: string, labels: Record<string, string> = {}): number {
  return valuesOf(metrics, name, labels).reduce((sum, { value }) => sum + value, 0);
}

/** The values of a metric that have these labels. Each value keeps all its labels. */
export function valuesOf(metrics: MetricsSnapshot, name: string, labels: Record<string, string> = {}) {
  const values = metrics.find((metric) => metric.name === name)?.values ?? [];
  const wanted = Object.entries(labels);
  return values.filter((value) => wanted.every(([label, text]) => value.labels[label] === text));
}

export function noCalls(): Calls {
  return { count: 0, failed: 0, upTo: new Map() };
}

type Labels = Record<string, string | undefined>;
type HistogramValue = { labels: Labels; value: number; metricName: string };

function readCalls(
  metrics: MetricsSnapshot,
  name: string,
  place: (labels: Labels) => { calls: Calls; failed: boolean } | undefined,
): void {
  for (const { labels, value, metricName } of valuesOf(metrics, name) as HistogramValue[]) {
    const found = place(labels);
    if (!found) continue;
    const { calls, failed } = found;
    if (metricName === `${name}_count`) {
      calls.count += value;
      if (failed) calls.failed += value;
    } else if (metricName === `${name}_bucket`) {
      const bound = labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels.le);
      calls.upTo.set(bound, (calls.upTo.get(bound) ?? 0) + value);
    }
  }
}

function callsOf(methods: Map<string, Calls>, name: string): Calls {
  const calls = methods.get(name) ?? noCalls();
  methods.set(name, calls);
  return calls;
}
