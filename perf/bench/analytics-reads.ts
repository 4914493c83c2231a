import { ServiceClient } from "../watch/service-client.js";
import { HistoryFiller, hourMs, monthHours } from "./analytics-history.js";
import { median, Rounds } from "./figures.js";
import { runUnary } from "./unary.js";
import type { UnaryPlan, UnaryReport } from "./unary-load.js";

const service = "posta.analytics.v1.AnalyticsService";
/** With the total of each name that is 10 series, and 990: a thousand. */
const values = { base: 9, wide: 989 };
const ratePerSecond = 2000;
/** How often each read is asked for its cost, each time for another range, so that no cache has the answer. */
const costCalls = 60;
/** What the costs are measured on, one after the other: each history is added to the one before. */
const histories = ["a month of 10 series", "beside 100 times as many series", "after 100 times as long"] as const;
const pageSize = 50;

type Timing = Pick<UnaryPlan, "warmupMs" | "durationMs">;

/** A read, by the question's number: different numbers are different questions. */
type Ask = (name: string, question: number, until: number) => { method: string; request: object };

const series = (name: string, question: number) => ({
  name,
  dimension: "page",
  value: `page-${1 + (question % values.base)}`,
});

/** They reach from a month ago over the seam into the running hour. */
export const reads: Record<string, Ask> = {
  GetCounters: (name, question, until) => ({
    method: "GetCounters",
    request: { series: [series(name, question)], ...lastMonth(until, question / 60) },
  }),
  "GetTimeSeries, days": (name, question, until) => ({
    method: "GetTimeSeries",
    request: { series: series(name, question), ...lastMonth(until, question / 60), interval: "INTERVAL_DAY" },
  }),
  "GetTimeSeries, days of Europe/Madrid": (name, question, until) => ({
    method: "GetTimeSeries",
    request: {
      series: series(name, question),
      ...lastMonth(until, question / 60),
      interval: "INTERVAL_DAY",
      timeZone: "Europe/Madrid",
    },
  }),
  "GetTimeSeries, hours": (name, question, until) => ({
    method: "GetTimeSeries",
    request: { series: series(name, question), ...lastMonth(until, question / 60), interval: "INTERVAL_HOUR" },
  }),
  CountUnique: (name, question, until) => ({ method: "CountUnique", request: { name, ...lastMonth(until, question) } }),
  ListTopValues: (name, question, until) => ({
    method: "ListTopValues",
    request: { name, dimension: "page", ...lastMonth(until, question) },
  }),
  // Redis has them, whatever the history has.
  ListRecentEvents: (name) => ({ method: "ListRecentEvents", request: { name, pageSize } }),
};

function lastMonth(until: number, hoursLater: number) {
  const minute = Math.round((until - monthHours + hoursLater) * 60);
  return { start: { seconds: minute * 60, nanos: 0 }, end: { seconds: ((until + 4) * hourMs) / 1000, nanos: 0 } };
}

export interface ReadFigures {
  /** The worst read's P99 at the steady rate; of each the median of its rounds. */
  p99Ms: number;
  /** The worst read's cost on a hundred times the history, in that on the base. */
  hundredfold: number;
  failures: number;
}

/** Measures the reads on a month of history with 1000 series, which it makes. Prints as it goes. */
export async function measureReads(
  port: number,
  postgresDir: string,
  timing: Timing,
  rounds: number,
): Promise<ReadFigures> {
  const history = await HistoryFiller.open(postgresDir);
  const client = new ServiceClient(`127.0.0.1:${port}`, service, 4);
  const { until } = history;
  const [month, years] = [until - monthHours, until - 100 * monthHours];
  try {
    await recordNow(client);
    await history.fill("base", values.base, month, until);
    const costs = [await measureCosts(client, until, 0)];
    await history.fill("wide", values.wide, month, until);
    const steady = await measureSteady(port, until, timing, rounds);
    costs.push(await measureCosts(client, until, 1));
    await measureTop(client, until);
    const longAgo = month - (month % 24);
    await history.fill("base", values.base, years - (years % 24), longAgo);
    costs.push(await measureCosts(client, until, 2));
    return { ...steady, hundredfold: worstRatio(costs) };
  } finally {
    client.close();
    await history.close();
  }
}

/** An event of each series in the running hour, so that every answer has a part that is not in the history. */
async function recordNow(client: ServiceClient): Promise<void> {
  for (const [name, count] of Object.entries(values)) {
    const events = Array.from({ length: count }, (_, index) => ({
      name,
      subject: `user-${index % 200}`,
      dimensions: { page: `page-${index + 1}` },
    }));
    await client.call("TrackEvents", { events });
  }
}

/** Of each read of the base's series, what one question costs that no cache has the answer to: the median. */
async function measureCosts(client: ServiceClient, until: number, round: number): Promise<Map<string, number>> {
  const costs = new Map<string, number>();
  for (const [read, ask] of Object.entries(reads)) {
    const times: number[] = [];
    for (let call = 0; call < costCalls; call += 1) {
      // The rounds' questions in turn, so that all rounds have as long ranges.
      const { method, request } = ask("base", histories.length * call + round, until);
      const begun = performance.now();
      await client.call(method, request);
      times.push(performance.now() - begun);
    }
    costs.set(read, median(times));
    console.log(`${read.padEnd(40)} ${median(times).toFixed(2).padStart(6)} ms past the caches, ${histories[round]}`);
  }
  return costs;
}

/** The read that adds up most: 989 values of a month. Its answer is cached for an hour of history, as all are. */
async function measureTop(client: ServiceClient, until: number): Promise<void> {
  const times: number[] = [];
  for (let question = 10; question < 30; question += 1) {
    const { method, request } = (reads.ListTopValues as Ask)("wide", question, until);
    const begun = performance.now();
    await client.call(method, request);
    times.push(performance.now() - begun);
  }
  console.log(`ListTopValues of ${values.wide} values ${median(times).toFixed(2)} ms past the caches`);
}

function worstRatio([base, ...larger]: Map<string, number>[]): number {
  const ratios = larger.flatMap((costs) => [...costs].map(([read, ms]) => ms / (base?.get(read) as number)));
  return Math.max(...ratios);
}

/** At the steady rate, ten questions in turn as a dashboard asks them again and again; of the name with 990 series. */
async function measureSteady(port: number, until: number, timing: Timing, rounds: number) {
  const load = { ...timing, ratePerSecond };
  const p99s = new Rounds();
  let failures = 0;
  for (let round = 1; round <= rounds; round += 1) {
    // What the machine makes of that rate, whatever is asked.
    const bare = await runUnary(port, "grpc.health.v1.Health", "Check", {}, load);
    console.log(describeSteady(round, rounds, "Health/Check", bare));
    for (const [read, ask] of Object.entries(reads)) {
      const asked = Array.from({ length: 10 }, (_, question) => ask("wide", question, until));
      const requests = asked.map(({ request }) => request);
      const report = await runUnary(port, service, asked[0]?.method as string, requests, load);
      failures += report.failures;
      p99s.add(read, report.p99Ms);
      console.log(describeSteady(round, rounds, read, report));
    }
  }
  return { p99Ms: Math.max(...p99s.medians().map(([, p99]) => p99)), failures };
}

function describeSteady(round: number, rounds: number, what: string, { p50Ms, p99Ms }: UnaryReport): string {
  const figures = `P50 ${p50Ms.toFixed(2)} ms, P99 ${p99Ms.toFixed(2)} ms at ${ratePerSecond}/s`;
  return `round ${round}/${rounds}  ${what.padEnd(40)} ${figures}`;
}
