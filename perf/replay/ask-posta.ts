import type { ServiceClient } from "../watch/service-client.js";
import type { Answers } from "./answers.js";

const name = "http.request";
const minuteMs = 60_000;
const hourMs = 3_600_000;

interface Counter {
  events: number;
  total: number;
}

interface Point extends Counter {
  start: { seconds: number };
}

/** Asks Posta for the same answers, over the whole hours that the log lies in. */
export async function askPosta(client: ServiceClient, from: number, until: number, pages: number): Promise<Answers> {
  const start = toTimestamp(Math.floor(from / hourMs) * hourMs);
  const end = toTimestamp(Math.ceil(until / hourMs) * hourMs);
  const statuses = await topValues(client, "status", start, end, 100);
  const [counters, series, unique, topPages] = await Promise.all([
    client.call<{ counters: Counter[] }>("GetCounters", {
      series: [{ name }, ...statuses.map(([value]) => ({ name, dimension: "status", value }))],
      start,
      end,
    }),
    client.call<{ points: Point[] }>("GetTimeSeries", { series: { name }, start, end, interval: "INTERVAL_MINUTE" }),
    client.call<{ subjects: number }>("CountUnique", { name, start, end }),
    topValues(client, "page", start, end, pages),
  ]);
  const [all, ...ofStatuses] = counters.counters;
  return {
    requests: all?.events ?? 0,
    bytes: all?.total ?? 0,
    clients: unique.subjects,
    byStatus: new Map(statuses.map(([value], index) => [value, ofStatuses[index]?.events ?? 0])),
    byMinute: new Map(series.points.filter(({ events }) => events > 0).map((point) => [minuteOf(point), point.events])),
    topPages,
  };
}

async function topValues(client: ServiceClient, dimension: string, start: object, end: object, limit: number) {
  const request = { name, dimension, start, end, limit };
  const { values } = await client.call<{ values: { value: string; events: number }[] }>("ListTopValues", request);
  return values.map(({ value, events }): [string, number] => [value, events]);
}

function toTimestamp(ms: number) {
  return { seconds: ms / 1000, nanos: 0 };
}

/** "16:02" */
function minuteOf({ start: { seconds } }: Point): string {
  const minute = Math.floor((seconds * 1000) / minuteMs) * minuteMs;
  return new Date(minute).toISOString().slice(11, 16);
}
