import type { MetricsSnapshot } from "../supervise/messages.js";
import type { ErrorRule } from "./targets.js";

/** Calls that ended, of one method or of several: how many, how many failed by Posta's fault, how long they took. */
export interface Calls {
  count: number;
  failed: number;
  /** How many took up to each bound, in seconds; the last bound is Infinity. */
  upTo: Map<number, number>;
}

/** All that the status needs of the merged metrics at one moment. Counts only grow. */
export interface Sample {
  /** Milliseconds since 1970. */
  at: number;
  /** By "QueueService/AddJob"; gRPC and HTTP together. */
  methods: Map<string, Calls>;
  whatsapp: Calls;
  /** Reads of analytics, and those of them that some level of the cache answered. */
  cache: { reads: number; hits: number };
  heapBytes: number;
  residentBytes: number;
  /** Of the worst process. */
  eventLoopDelayMs: number;
}

export function takeSample(merged: MetricsSnapshot, at: number, { services, codes }: ErrorRule): Sample {
  const methods = new Map<string, Calls>();
  for (const transport of ["grpc", "connect"]) {
    readCalls(merged, `${transport}_server_handling_seconds`, (labels) => {
      const service = labels[`${transport}_service`] ?? "";
      if (!service.startsWith(services)) return undefined; // Probes and reflection.
      const calls = callsOf(methods, `${service.split(".").at(-1)}/${labels[`${transport}_method`]}`);
      const code = labels[`${transport}_code`] ?? "";
      // A stream that ends so is one that a server ends as it stops: its client opens another.
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
    heapBytes: sumOf(merged, "nodejs_heap_size_used_bytes"),
    residentBytes: sumOf(merged, "process_resident_memory_bytes"),
    eventLoopDelayMs: sumOf(merged, "nodejs_eventloop_lag_p99_seconds") * 1000,
  };
}

/** The values of a metric that have these labels, added up; 0 if there are none. */
export function sumOf(metrics: MetricsSnapshot, name: string, labels: Record<string, string> = {}): number {
  return valuesOf(metrics, name, labels).reduce((sum, { value }) => sum + value, 0);
}

/** Its values that have these labels, each with all of its own. */
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
