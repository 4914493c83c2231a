/**
 * `make bench-analytics`: what recording events costs, as ratios to the transport alone, and what reading costs on a month
 * of history. Rounds are interleaved, figures are medians; each load is in a process of its own. The last line is one JSON
 * object.
 */
import { measureReads, type ReadFigures } from "./analytics-reads.js";
import { describeRound, formatRate, formatResult, formatTable, median, Rounds } from "./figures.js";
import { readPlan } from "./plan.js";
import { takePorts } from "./ports.js";
import { servers, startPosta } from "./processes.js";
import { runUnary } from "./unary.js";
import type { UnaryPlan, UnaryReport } from "./unary-load.js";

const { rounds, durationMs } = readPlan();
const timing = { warmupMs: 1500, durationMs };
const port = await takePorts(3);
const eventsPerCall = 100;
const steadyRate = 800;
const analyticsService = "posta.analytics.v1.AnalyticsService";

/** Three dimensions, of 5, 20 and 4 values. */
const events = Array.from({ length: eventsPerCall }, (_, index) => ({
  name: "message.sent",
  subject: `user-${index}`,
  value: index % 10,
  dimensions: { channel: `c${index % 5}`, template: `t${index % 20}`, country: `x${index % 4}` },
}));
let failures = 0;

async function call(service: string, method: string, request: object, load: Partial<UnaryPlan>): Promise<UnaryReport> {
  const report = await runUnary(port, service, method, request, { ...timing, ...load });
  failures += report.failures;
  return report;
}

const measures: Record<string, () => Promise<number>> = {
  "Health/Check": async () => (await call("grpc.health.v1.Health", "Check", {}, { concurrency: 128 })).perSecond,
  TrackEvent: async () => {
    return (await call(analyticsService, "TrackEvent", { event: events[0] }, { concurrency: 128 })).perSecond;
  },
  "TrackEvents of 100, events": async () => {
    const { perSecond } = await call(analyticsService, "TrackEvents", { events }, { concurrency: 8 });
    return perSecond * eventsPerCall;
  },
};

const figures = new Rounds();
const steady: UnaryReport[] = [];
let reads: ReadFigures;
// A call that fails is counted here; thousands of lines about it would only cost.
const posta = await startPosta(port, [], { POSTA_LOG_LEVEL: "error" });
try {
  for (let round = 1; round <= rounds; round += 1) {
    for (const [name, measure] of Object.entries(measures)) {
      const perSecond = await measure();
      figures.add(name, perSecond);
      console.log(describeRound(round, rounds, name, perSecond));
    }
    const load = { ratePerSecond: steadyRate };
    const report = await call(analyticsService, "TrackEvent", { event: events[0] }, load);
    steady.push(report);
    const [p50, p99] = [report.p50Ms.toFixed(2), report.p99Ms.toFixed(2)];
    console.log(`round ${round}/${rounds}  TrackEvent at ${steadyRate}/s: P50 ${p50} ms, P99 ${p99} ms`);
  }
  reads = await measureReads(port, posta.postgresDir, timing, rounds);
  failures += reads.failures;
} finally {
  await posta.stop();
}

const result = {
  track_event_over_check: figures.ratio("TrackEvent", "Health/Check"),
  track_event_p50_ms: median(steady.map(({ p50Ms }) => p50Ms)),
  track_event_p99_ms: median(steady.map(({ p99Ms }) => p99Ms)),
  track_events_per_s: median(figures.of("TrackEvents of 100, events")),
  read_p99_ms: reads.p99Ms,
  read_ratio_100x: reads.hundredfold,
};
const wanted: Record<keyof typeof result, string> = {
  track_event_over_check: ">= 0.75",
  track_event_p50_ms: "< 4",
  track_event_p99_ms: "< 20",
  track_events_per_s: ">= 100,000",
  read_p99_ms: "< 10",
  read_ratio_100x: "<= 2",
};
console.log(`\nMedians of ${rounds} rounds, ${servers} servers:\n`);
const medians = figures.medians().map(([name, value]) => [name, formatRate(value)]);
console.log(formatTable(["what", "a second"], medians));
const rows = Object.entries(result).map(([key, value]) => [key, value.toFixed(2), wanted[key as keyof typeof result]]);
console.log(`\n${formatTable(["figure", "measured", "wanted"], rows)}`);
if (failures > 0) {
  console.error(`\n${failures} calls failed: these figures are not to be used`);
  process.exitCode = 1;
}
console.log(`\n${formatResult(result)}`);
