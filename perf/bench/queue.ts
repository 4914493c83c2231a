/**
 * `make bench-queue`: what the queue costs, as ratios to what it stands on. All rounds run interleaved, on one machine in
 * one session; a figure is the median of its rounds. The last line is one JSON object.
 */
import { Redis } from "ioredis";
import type { BullReport } from "./bull-load.js";
import { emptyRedis } from "./empty-redis.js";
import { describeRound, formatRate, formatResult, formatTable, median, Rounds } from "./figures.js";
import { grpcRequest, runH2load } from "./h2load.js";
import { readPlan } from "./plan.js";
import { takePorts } from "./ports.js";
import { runLoad, servers, startBare, startPosta } from "./processes.js";
import type { StreamReport } from "./stream-load.js";
import { runUnary } from "./unary.js";
import type { UnaryReport } from "./unary-load.js";

const { rounds, durationMs } = readPlan();
const timing = { warmupMs: 1500, durationMs };
const [postaPort, barePort] = [await takePorts(3), await takePorts(2)];
const data = '{"to":"34600123456","template":"hello"}';
const job = { name: "bench", dataJson: data };

const length = { seconds: durationMs / 1000, warmupSeconds: timing.warmupMs / 1000 };
const queueService = "posta.queue.v1.QueueService";

/** Calls without a pause, by h2load: a generator in Node takes a core, and measures itself. */
async function unary(port: number, method: string, request: object, callers = { connections: 8, streams: 16 }) {
  const service = method === "Check" ? "grpc.health.v1.Health" : queueService;
  return runH2load({ ...grpcRequest(port, service, method, request), ...callers, length });
}

/** A gRPC call that fails answers with the HTTP status 200: the jobs tell what was done. */
async function add(
  method: string,
  request: { queue: string; job?: object; jobs?: object[] },
  callers?: Parameters<typeof unary>[3],
) {
  const report = counted(await unary(postaPort, method, request, callers));
  const { length: jobs = 1 } = request.jobs ?? {};
  const added = await redis.llen(`bull:${request.queue}:wait`);
  if (added < report.answered * jobs) failures += report.answered - added / jobs;
  return report.perSecond * jobs;
}

const check = (port: number) => unary(port, "Check", {});
const jobs = Array.from({ length: 100 }, () => job);
const bulk = { connections: 4, streams: 1 };

// The queue alone: what is done in the background for the analytics is no part of it.
const posta = await startPosta(postaPort, [], { POSTA_DELIVERIES: "0", POSTA_LOG_LEVEL: "error" });
const bare = await startBare(barePort);
const redis = new Redis({ path: posta.socket });
const peaksMib: number[] = [];
let failures = 0;

function counted<Report extends { failures: number }>(report: Report): Report {
  failures += report.failures;
  return report;
}

const measures: Record<string, () => Promise<number>> = {
  "bare grpc-js, empty call": async () => counted(await check(barePort)).perSecond,
  "Health/Check": async () => counted(await check(postaPort)).perSecond,
  AddJob: async () => {
    let peakMib = 0;
    const running = add("AddJob", { queue: "bench", job });
    const timer = setInterval(() => {
      peakMib = Math.max(peakMib, posta.memoryMib());
    }, 250);
    const perSecond = await running.finally(() => clearInterval(timer));
    peaksMib.push(peakMib);
    return perSecond;
  },
  "AddJobs of 100, jobs": () => add("AddJobs", { queue: "bench-many", jobs }, bulk),
  "AddJobs of 100 without events, jobs": async () => {
    const request = grpcRequest(postaPort, queueService, "SetQueueLimits", {
      queue: "silent",
      limits: { maxEvents: 0 },
    });
    counted(await runH2load({ ...request, connections: 1, streams: 1, length: { requests: 1 } }));
    const perSecond = await add("AddJobs", { queue: "silent", jobs }, bulk);
    if ((await redis.exists("bull:silent:events")) > 0) failures += 1;
    return perSecond;
  },
  "StreamAddJobs, 1 job a message": () => stream(1, 128),
  "StreamAddJobs, 50 jobs a message, jobs": () => stream(50, 8),
  "Queue.add, 128 in flight": () => bull("add"),
  "Queue.addBulk of 100, 4 in flight, jobs": () => bull("addBulk"),
};

async function stream(jobsPerMessage: number, window: number): Promise<number> {
  const plan = { port: postaPort, streams: 2, jobsPerMessage, window, ...timing };
  return counted(await runLoad<StreamReport>("stream-load.ts", plan)).jobsPerSecond;
}

async function bull(mode: string): Promise<number> {
  return (await runLoad<BullReport>("bull-load.ts", { socket: posta.socket, mode, ...timing })).jobsPerSecond;
}

async function atSteadyRate(round: number, name: string, ...call: [number, string, string, object]) {
  const report = counted(await runUnary(...call, { ...timing, ratePerSecond: 1000 }));
  const [p50, p99] = [report.p50Ms, report.p99Ms].map((ms) => ms.toFixed(2));
  console.log(`round ${round}/${rounds}  ${name} at 1000/s: P50 ${p50} ms, P99 ${p99} ms`);
  return report;
}

const figures = new Rounds();
/** What 1000 requests/s take on a server that does nothing is the least that they can take on this machine. */
const steady: Record<"bare" | "posta", UnaryReport[]> = { bare: [], posta: [] };
try {
  for (let round = 1; round <= rounds; round += 1) {
    for (const [name, measure] of Object.entries(measures)) {
      const perSecond = await measure();
      figures.add(name, perSecond);
      console.log(describeRound(round, rounds, name, perSecond));
      // Each measure begins on an empty Redis that has nothing left to write.
      await emptyRedis(redis);
    }
    steady.bare.push(await atSteadyRate(round, "bare, empty call", barePort, "grpc.health.v1.Health", "Check", {}));
    steady.posta.push(await atSteadyRate(round, "AddJob", postaPort, queueService, "AddJob", { queue: "bench", job }));
    await emptyRedis(redis);
  }
} finally {
  redis.disconnect();
  await Promise.all([posta.stop(), bare.stop()]);
}

const result = {
  check_over_bare: figures.ratio("Health/Check", "bare grpc-js, empty call"),
  add_job_over_check: figures.ratio("AddJob", "Health/Check"),
  add_jobs_over_add_bulk: figures.ratio("AddJobs of 100, jobs", "Queue.addBulk of 100, 4 in flight, jobs"),
  add_jobs_without_events_over_add_bulk: figures.ratio(
    "AddJobs of 100 without events, jobs",
    "Queue.addBulk of 100, 4 in flight, jobs",
  ),
  stream_1_over_add: figures.ratio("StreamAddJobs, 1 job a message", "Queue.add, 128 in flight"),
  stream_50_over_add: figures.ratio("StreamAddJobs, 50 jobs a message, jobs", "Queue.add, 128 in flight"),
  add_job_p50_ms: median(steady.posta.map(({ p50Ms }) => p50Ms)),
  add_job_p99_ms: median(steady.posta.map(({ p99Ms }) => p99Ms)),
  add_job_p99_beyond_bare_ms: median(steady.posta.map(({ p99Ms }, round) => p99Ms - (steady.bare[round]?.p99Ms ?? 0))),
  cluster_memory_mib: median(peaksMib),
};
const wanted: Record<keyof typeof result, string> = {
  check_over_bare: ">= 0.90",
  add_job_over_check: ">= 0.75",
  add_jobs_over_add_bulk: ">= 2.5",
  add_jobs_without_events_over_add_bulk: ">= 3.5",
  stream_1_over_add: ">= 0.6",
  stream_50_over_add: ">= 2.0",
  add_job_p50_ms: "< 3",
  add_job_p99_ms: "< 15",
  add_job_p99_beyond_bare_ms: "< 10",
  cluster_memory_mib: "< 400",
};

console.log(`\nMedians of ${rounds} rounds, ${servers} servers:\n`);
console.log(
  formatTable(
    ["what", "a second"],
    figures.medians().map(([name, value]) => [name, formatRate(value)]),
  ),
);
console.log(`\nBare, empty call at 1000/s: P99 ${median(steady.bare.map(({ p99Ms }) => p99Ms)).toFixed(2)} ms`);
console.log(
  `\n${formatTable(
    ["figure", "measured", "wanted"],
    Object.entries(result).map(([key, value]) => [key, value.toFixed(2), wanted[key as keyof typeof result]]),
  )}`,
);
if (failures > 0) {
  console.error(`\n${failures} calls failed: these figures are not to be used`);
  process.exitCode = 1;
}
console.log(`\n${formatResult(result)}`);
