import { runLoad } from "../bench/processes.js";
import type { StreamReport } from "../bench/stream-load.js";
import { runUnary } from "../bench/unary.js";

/** What a load did. */
export interface LoadReport {
  /** Calls, or jobs of a stream. */
  perSecond: number;
  failures: number;
}

type Timing = { warmupMs: number; durationMs: number };
type Scenario = (port: number, timing: Timing) => Promise<LoadReport>;

const service = "posta.queue.v1.QueueService";
const analyticsService = "posta.analytics.v1.AnalyticsService";
const job = { name: "profile", dataJson: '{"to":"34600123456","template":"hello"}' };

/** Three dimensions, of 5, 20 and 4 values. */
const events = Array.from({ length: 100 }, (_, index) => ({
  name: "profile",
  subject: `user-${index}`,
  dimensions: { channel: `c${index % 5}`, template: `t${index % 20}`, country: `x${index % 4}` },
}));

/** A primary hands connections to the servers as they take them, so a few may all go to one. */
const connections = 32;

/** Unary calls, as many at a time as are answered: the servers are as busy as the machine lets them be. */
function unary(method: string, request: object, concurrency = 128, of = service): Scenario {
  return (port, timing) => runUnary(port, of, method, request, { ...timing, concurrency, connections });
}

async function stream(port: number, timing: Timing): Promise<LoadReport> {
  const plan = { port, streams: 4, jobsPerMessage: 1, window: 64, ...timing };
  const { jobsPerSecond, failures } = await runLoad<StreamReport>("stream-load.ts", plan);
  return { perSecond: jobsPerSecond, failures };
}

/** By name. Those that read ask for what PerfClient seeds. */
const scenarios: Record<string, Scenario> = {
  "add-job": unary("AddJob", { queue: "profile", job }),
  "add-jobs": unary("AddJobs", { queue: "profile", jobs: Array.from({ length: 100 }, () => job) }, 8),
  "stream-1": stream,
  "get-job": unary("GetJob", { queue: "perf-read", jobId: "seed-007" }),
  "get-queue": unary("GetQueue", { queue: "perf-read" }),
  "track-event": unary("TrackEvent", { event: events[0] }, 128, analyticsService),
  "track-events": unary("TrackEvents", { events }, 8, analyticsService),
  check: unary("Check", {}, 128, "grpc.health.v1.Health"),
};

/** The scenario that SCENARIO names, add-job if it names none. Throws an error that lists them. */
export function findScenario(name = "add-job"): { name: string; run: Scenario } {
  const run = Object.hasOwn(scenarios, name) ? scenarios[name] : undefined;
  if (!run) throw new Error(`SCENARIO: there is no "${name}"; use one of ${Object.keys(scenarios).join(", ")}`);
  return { name, run };
}
