/** Series as promtool takes them: by name and labels, values a minute: "0+5x150" begins at 0 and grows by 5. */
export type SeriesMap = Record<string, string>;

/** So many minutes of series are made. */
export const minutes = 150;

/** Where they come from, as Prometheus labels it. */
const target = { job: "posta", instance: "posta:9464" };

/** One series; `values` is what it has all the time, or promtool's own notation. */
export function series(name: string, labels: Record<string, string>, values: number | string): SeriesMap {
  const shown = Object.entries({ ...labels, ...target }).map(([label, value]) => `${label}="${value}"`);
  return { [`${name}{${shown.join(",")}}`]: typeof values === "number" ? `${values}+0x${minutes}` : values };
}

/** The same series, told by another host of the installation. */
export function onOtherHost(map: SeriesMap): SeriesMap {
  const other = (key: string) => key.replace(`instance="${target.instance}"`, 'instance="other:9464"');
  return Object.fromEntries(Object.entries(map).map(([key, values]) => [other(key), values]));
}

/** A counter that grows by so much each minute. */
export function counter(name: string, labels: Record<string, string>, perMinute: number): SeriesMap {
  return series(name, labels, `0+${perMinute}x${minutes}`);
}

/** So many minutes of one value, then another to the end. */
export function stepAfter(after: number, before: number, then: number): string {
  return `${before}+0x${after - 1} ${then}+0x${minutes - after}`;
}

/** A counter that jumps at the 145th minute: five minutes before the end. */
export const jump = (by: number) => stepAfter(145, 0, by);

/** Upper bounds in seconds that the series of histograms have here: those that rules ask for, and some. */
const bounds = ["0.001", "0.004", "0.005", "0.01", "0.02", "0.03", "0.05", "0.1", "0.2", "0.5", "1", "2.5", "+Inf"];

/** A histogram that takes, each minute, so many observations of each of some durations in seconds. */
export function histogram(name: string, labels: Record<string, string>, perMinute: Record<string, number>): SeriesMap {
  const counted = Object.entries(perMinute).map(([seconds, count]) => ({ seconds: Number(seconds), count }));
  const upTo = (bound: number) =>
    counted.filter(({ seconds }) => seconds <= bound).reduce((sum, one) => sum + one.count, 0);
  const toNumber = (bound: string) => (bound === "+Inf" ? Number.POSITIVE_INFINITY : Number(bound));
  const buckets = bounds.map((le) => counter(`${name}_bucket`, { ...labels, le }, upTo(toNumber(le))));
  return Object.assign({}, ...buckets, counter(`${name}_count`, labels, upTo(Number.POSITIVE_INFINITY)));
}

/** Calls of a unary method over gRPC: how many a minute take how long, and how many end with which code. */
export function calls(
  method: string,
  perMinute: Record<string, number>,
  codes: Record<string, number> = { OK: 600 },
): SeriesMap {
  const labels = { grpc_type: "unary", grpc_service: "posta.queue.v1.QueueService", grpc_method: method };
  const handled = Object.entries(codes).map(([code, count]) =>
    counter("grpc_server_handled_total", { ...labels, grpc_code: code }, count),
  );
  const seconds = histogram("grpc_server_handling_seconds", { ...labels, grpc_code: "OK" }, perMinute);
  return Object.assign({}, ...handled, seconds);
}
