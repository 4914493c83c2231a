import { readTargets, targetOf } from "../targets.js";

/** The expressions by which alerts and dashboard look at calls: those of gRPC and those over HTTP, together. */

/** Which calls count, and which of them have failed. */
const { services, codes } = targetOf(readTargets(), "errors").indicator;
const ofPosta = `$_service=~"${services.replaceAll(".", "[.]")}.*"`;

/** Both transports' series of a metric; `matchers` with $ in place of the transport, which begins their labels' names. */
function onBoth(metric: string, matchers: string, window: string): string {
  return `sum(${rateOf("grpc", metric, matchers, window)} or ${rateOf("connect", metric, matchers, window)})`;
}

function rateOf(transport: "grpc" | "connect", metric: string, matchers: string, window: string): string {
  return `rate(${transport}_server_${metric}{${matchers.replaceAll("$", transport)}}[${window}])`;
}

/** Failed calls a second. A stream that ends UNAVAILABLE is one that a server ends as it stops: its client opens another. */
export function failedRate(window: string): string {
  const failed = (type: string, among: string[]) => `${ofPosta}${type},$_code=~"${among.join("|")}"`;
  const ofStreams = codes.filter((code) => code !== "UNAVAILABLE");
  const rates = [
    rateOf("grpc", "handled_total", failed(',$_type="unary"', codes), window),
    rateOf("grpc", "handled_total", failed(',$_type!="unary"', ofStreams), window),
    rateOf("connect", "handled_total", failed("", codes), window),
  ];
  return `sum(${rates.join(" or ")})`;
}

/** Calls a second, but for probes and reflection. */
export function callRate(window: string): string {
  return onBoth("handled_total", ofPosta, window);
}

/**
 * What is refused for want of room, as a share of all that was asked for. One call can bring thousands of jobs or events of
 * which each is refused for itself, so it is weighed against calls and all that was written in batches, and is never over 1.
 */
export function refusedShare(window: string): string {
  const refused = "posta_overload_refusals_total";
  const batches = ["posta_queue_batch", "posta_queue_durable_batch", "posta_analytics_batch", "posta_message_batch"];
  const written = batches.map((name) => `${name}_size_sum`);
  const [rate, ...others] = [refused, ...written].map((name) => `sum(rate(${name}[${window}]))`);
  return `${rate} / (${[rate, ...others, callRate(window)].join(" + ")})`;
}

/** Calls a second of unary methods, as a regular expression of their names. */
export function methodRate(methods: string, window: string): string {
  return onBoth("handling_seconds_count", `$_method=~"${methods}"`, window);
}

/** Those of them that took no longer than a bound, in seconds; it is one of the histogram's. */
export function methodRateWithin(methods: string, seconds: number, window: string): string {
  return onBoth("handling_seconds_bucket", `$_method=~"${methods}",${within(seconds)}`, window);
}

/** Prometheus 3 writes whole numbers as "1.0", the versions before as "1". */
export function within(seconds: number): string {
  return Number.isInteger(seconds) ? `le=~"${seconds}|${seconds}[.]0"` : `le="${seconds}"`;
}

/** A quantile of each unary method's calls, in seconds. */
export function quantileByMethod(quantile: number, transport: "grpc" | "connect", window: string): string {
  const by = `le, ${transport}_service, ${transport}_method`;
  const rate = `rate(${transport}_server_handling_seconds_bucket{${transport}_type="unary"}[${window}])`;
  return `histogram_quantile(${quantile}, sum by (${by}) (${rate}))`;
}

/** Unary calls in the window, of each method. */
export function callsByMethod(transport: "grpc" | "connect", window: string): string {
  const by = `${transport}_service, ${transport}_method`;
  const increase = `increase(${transport}_server_handling_seconds_count{${transport}_type="unary"}[${window}])`;
  return `sum by (${by}) (${increase})`;
}
